package engine

import (
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

// backendTLS returns how a backend is spoken to over TLS. Errors name the file
// and the setting.
func backendTLS(c config.BackendTLS, addr string) (*tls.Config, error) {
	t := &tls.Config{
		ServerName:         c.ServerName,
		InsecureSkipVerify: c.InsecureSkipVerify, // the user's own choice, told at start
		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
		NextProtos:         []string{"http/1.1"},
	}
	if t.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("backend %s: %w", addr, err)
		}
		t.ServerName = host
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("backend_tls.ca_file: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("backend_tls.ca_file: %s holds no PEM certificate", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := keyPair(c)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
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
