// Package certstest issues certificates for tests.
package certstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority issues certificates, valid for an hour before and after now unless the
// template says otherwise. It is itself valid for a year.
type Authority struct {
	Issued

	t testing.TB
}

// NewAuthority returns an authority that has signed itself.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	template := authority("authority")
	key := ECDSA(t)
	return &Authority{Issued: sign(t, template, template, key, key), t: t}
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

// Intermediate returns an authority that this one has signed.
func (a *Authority) Intermediate(name string) *Authority {
	a.t.Helper()
	return &Authority{Issued: a.Issue(authority(name), ECDSA(a.t)), t: a.t}
}

// Issue signs a certificate; what the template leaves out is filled in.
func (a *Authority) Issue(template *x509.Certificate, key crypto.Signer) Issued {
	a.t.Helper()
	return sign(a.t, template, a.Cert, key, a.Key)
}

// IssueFor signs a certificate for names or IP addresses, with a key of ECDSA. Its
// common name is the first of them.
func (a *Authority) IssueFor(names ...string) Issued {
	a.t.Helper()
	return a.Issue(For(names...), ECDSA(a.t))
}

// For returns the template of a certificate for names or IP addresses.
func For(names ...string) *x509.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return template
}

func sign(t testing.TB, template, parent *x509.Certificate, key, by crypto.Signer) Issued {
	t.Helper()
	var err error
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return Issued{Cert: cert, Key: key}
}

// Issued is a certificate and its key.
type Issued struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// PEM returns the certificate.
func (i Issued) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Cert.Raw})
}

// KeyPEM returns the key.
func (i Issued) KeyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.Key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Write writes the certificate, its key and what else belongs to the chain to the
// files cert.pem and key.pem of a directory, and returns their paths.
func (i Issued) Write(t testing.TB, dir string, chain ...Issued) (certFile, keyFile string) {
	t.Helper()
	content := i.PEM()
	for _, c := range chain {
		content = append(content, c.PEM()...)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, content, 0o600))
	require.NoError(t, os.WriteFile(keyFile, i.KeyPEM(t), 0o600))
	return certFile, keyFile
}

// ECDSA returns a new key on P-256.
func ECDSA(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// RSA returns a key of 2048 bits, always the same one: it takes long to make.
func RSA(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsaKey()
	require.NoError(t, err)
	return key
}
