package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secureAll makes each tester one whose clients speak TLS, see TestAllOverTLS.
var secureAll bool

// startSecure starts a proxy that speaks TLS with a certificate for proxy.test,
// and with more of the keys below tls, in which @ca is the authority's certificate.
// Its clients speak TLS too.
func startSecure(t testing.TB, yaml, more string) (*tester, *authority) {
	t.Helper()
	a := newAuthority(t)
	cert, key := a.issue("proxy.test")
	more = strings.ReplaceAll(more, "@ca", a.pem)
	p := startProxy(t, fmt.Sprintf("%s\ntls: {cert_file: %q, key_file: %q%s}", yaml, cert, key, more))
	p.secure = a.client()
	return p, a
}

// overTLS adds to a configuration what makes the proxy speak TLS.
func (p *tester) overTLS(a *authority, yaml string) string {
	cert, key := a.issue("proxy.test")
	p.secure = a.client()
	return fmt.Sprintf("%s\ntls: {cert_file: %q, key_file: %q}", yaml, cert, key)
}

// client returns the configuration of a client that trusts the authority.
func (a *authority) client() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(a.Cert)
	return &tls.Config{RootCAs: roots, ServerName: "proxy.test"}
}

// with returns the configuration of a client that shows a certificate.
func (a *authority) with(name string) *tls.Config {
	c := a.client()
	pair, err := tls.LoadX509KeyPair(a.issue(name))
	require.NoError(a.t, err)
	c.Certificates = []tls.Certificate{pair}
	return c
}

// plain opens a connection without TLS.
func (p *tester) plain() *client {
	p.t.Helper()
	nc, err := net.Dial("tcp", p.Addr().String())
	require.NoError(p.t, err)
	return p.newClient(nc)
}

// records notes of what type the last TLS record is that came. Up to TLS 1.2, the
// type of an alert can be seen.
type records struct {
	net.Conn
	last byte
	left int // of the record
	head []byte
}

func (r *records) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	for rest := b[:n]; len(rest) > 0; {
		if r.left > 0 {
			skip := min(r.left, len(rest))
			r.left, rest = r.left-skip, rest[skip:]
			continue
		}
		r.head, rest = append(r.head, rest[0]), rest[1:]
		if len(r.head) == 5 {
			r.last, r.left = r.head[0], int(r.head[3])<<8|int(r.head[4])
			r.head = r.head[:0]
		}
	}
	return n, err
}

const alertRecord = 21

// endsInOrder reads to the end and reports whether TLS ended in order, which only
// TLS 1.2 lets one see.
func (p *tester) endsInOrder(request string) bool {
	p.t.Helper()
	nc, err := net.Dial("tcp", p.Addr().String())
	require.NoError(p.t, err)
	r := &records{Conn: nc}
	config := p.secure.Clone()
	config.MaxVersion = tls.VersionTLS12
	c := p.newClient(tls.Client(r, config))
	c.send(request)
	_, _ = io.Copy(io.Discard, c.r)
	return r.last == alertRecord
}
