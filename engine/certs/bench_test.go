package certs

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// BenchmarkHandshake measures both sides of a connection over loopback, from dial to
// close; a profile tells them apart.
func BenchmarkHandshake(b *testing.B) {
	a := certstest.NewAuthority(b)
	for _, kind := range []struct {
		name string
		key  crypto.Signer
	}{{"ecdsa", certstest.ECDSA(b)}, {"rsa2048", certstest.RSA(b)}} {
		spec := Spec{Pairs: []Pair{pair(b, a, kind.key, "a.test")}}
		for _, version := range []struct {
			name string
			id   uint16
		}{{"1.2", tls.VersionTLS12}, {"1.3", tls.VersionTLS13}} {
			for _, resumed := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%s/resumed=%t", kind.name, version.name, resumed), func(b *testing.B) {
					x := serve(b, a, spec)
					c := x.client("a.test")
					c.MaxVersion = version.id
					handshakes(b, x, c, resumed)
				})
			}
		}
	}
}

func handshakes(b *testing.B, x *tester, c *tls.Config, resumed bool) {
	if !resumed {
		c.ClientSessionCache = nil
	}
	x.connect(c)
	b.ReportAllocs()
	for b.Loop() {
		if _, p := x.connect(c); p.state.DidResume != resumed {
			b.Fatal("not what was to be measured")
		}
	}
}

// BenchmarkPick measures what the choice of a certificate adds to a handshake.
func BenchmarkPick(b *testing.B) {
	a := certstest.NewAuthority(b)
	spec := Spec{Pairs: []Pair{
		pair(b, a, certstest.RSA(b), "both.test"), pair(b, a, certstest.ECDSA(b), "both.test"), pair(b, a, certstest.ECDSA(b), "one.test", "*.wild.test"),
	}}
	s, err := New(spec, freshTickets(b), slog.Default())
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	for _, name := range []string{"one.test", "a.wild.test", "both.test"} {
		b.Run(name, func(b *testing.B) {
			hello := helloFor(b, name)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Config().GetCertificate(hello); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// helloFor returns what a client says that asks for name.
func helloFor(t testing.TB, name string) (hello *tls.ClientHelloInfo) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = tls.Client(a, &tls.Config{ServerName: name, RootCAs: x509.NewCertPool()}).Handshake()
		_ = a.Close()
	}()
	_ = b.SetDeadline(time.Now().Add(20 * time.Second))
	_ = tls.Server(b, &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		hello = h
		return nil, nil
	}}).Handshake()
	_ = b.Close()
	<-done
	require.NotNil(t, hello)
	return hello
}
