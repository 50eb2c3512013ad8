package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFile is how many bytes of a file are read at most: that of all authorities a
// system trusts has a quarter of a million.
const maxFile = 4 << 20

// loadPair reads a certificate and its key. Errors name the file and what is to be
// done.
func loadPair(p Pair) (*tls.Certificate, error) {
	cert, err := read(p.CertFile)
	if err != nil {
		return nil, err
	}
	key, err := read(p.KeyFile)
	if err != nil {
		return nil, err
	}
	chain, err := parseCertificates(p.CertFile, cert)
	if err != nil {
		return nil, err
	}
	if isEncrypted(key) {
		return nil, fmt.Errorf("%s: the key is encrypted; store it without a passphrase, readable by the proxy's user alone", p.KeyFile)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err == nil {
		pair.Leaf = chain[0]
		return &pair, nil
	}
	for i, c := range chain[1:] {
		if _, err := tls.X509KeyPair(pemOf(c), key); err == nil {
			return nil, fmt.Errorf("%s: chain in the wrong order: %s belongs to certificate %d (%s); put that one first",
				p.CertFile, p.KeyFile, i+2, title(c))
		}
	}
	return nil, fmt.Errorf("%s: %s; it must hold the key of the first certificate in %s (%s)",
		p.KeyFile, strings.TrimPrefix(err.Error(), "tls: "), p.CertFile, title(chain[0]))
}

// loadAuthorities reads the certificates that clients are verified against.
func loadAuthorities(path string) ([]*x509.Certificate, error) {
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	return parseCertificates(path, content)
}

// poolOf returns a pool of these certificates.
func poolOf(authorities []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range authorities {
		pool.AddCert(c)
	}
	return pool
}

// read returns the content of a file that is small.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; it must be there and the proxy's user must be able to read it", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB; it must hold PEM certificates or a key alone", path, maxFile>>20)
	}
	return content, nil
}

// parseCertificates returns the certificates of a file, at least one.
func parseCertificates(path string, content []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w; have it issued anew", path, len(all)+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: holds no PEM block -----BEGIN CERTIFICATE-----; name a file of PEM certificates", path)
	}
	return all, nil
}

// isEncrypted reports whether a key can only be read with a passphrase.
func isEncrypted(key []byte) bool {
	return bytes.Contains(key, []byte("BEGIN ENCRYPTED PRIVATE KEY")) || bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED"))
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// title is how a message calls a certificate: by its subject or, as many have
// none, by its first name.
func title(c *x509.Certificate) string {
	if subject := distinguishedName(c.RawSubject); subject != "" {
		return subject
	}
	if len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return "serial number " + c.SerialNumber.String()
}
