package engine

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// sessions is how many TLS sessions with a backend are kept for resumption. One
// would do, but tickets are used once.
const sessions = 64

// security is how a backend is spoken to over TLS. Two with the same sum were made
// of the same settings and files: then the older one stays in use, and with it its
// connections and sessions.
type security struct {
	config *tls.Config
	sum    [sha256.Size]byte
}

// newSecurity reads what a backend is spoken to with. Errors name the file and the
// setting.
func newSecurity(c config.BackendTLS, addr string) (security, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %+v\n", addr, c)
	t := &tls.Config{
		ServerName:         c.ServerName,
		InsecureSkipVerify: c.InsecureSkipVerify, // the user's own choice, told at start
		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
		NextProtos:         []string{"http/1.1"},
	}
	if t.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return security{}, fmt.Errorf("backend %s: %w", addr, err)
		}
		t.ServerName = host
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return security{}, fmt.Errorf("backend_tls.ca_file: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return security{}, fmt.Errorf("backend_tls.ca_file: %s holds no PEM certificate", c.CAFile)
		}
		sum.Write(pem)
	}
	if c.CertFile != "" {
		pair, err := keyPair(c)
		if err != nil {
			return security{}, err
		}
		t.Certificates = []tls.Certificate{pair}
		for _, der := range pair.Certificate {
			sum.Write(der)
		}
	}
	return security{t, [sha256.Size]byte(sum.Sum(nil))}, nil
}

// keyPair reads the proxy's own certificate and its key.
func keyPair(c config.BackendTLS) (pair tls.Certificate, err error) {
	cert, err := os.ReadFile(c.CertFile)
	if err != nil {
		return pair, fmt.Errorf("backend_tls.cert_file: %w", err)
	}
	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return pair, fmt.Errorf("backend_tls.key_file: %w", err)
	}
	if pair, err = tls.X509KeyPair(cert, key); err != nil {
		return pair, fmt.Errorf("backend_tls.cert_file %s, backend_tls.key_file %s: %w", c.CertFile, c.KeyFile, err)
	}
	return pair, nil
}
