//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What all connections over TLS have in common, apart from the version: the load
// generators offer little else. Left alone, each contender would choose ciphers
// and key exchanges that differ in cost.
const (
	commonCurve    = tls.X25519
	commonSuite    = tls.TLS_AES_128_GCM_SHA256
	commonSuite1_2 = tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
)

// writeIdentity makes a certificate for the contenders' address, with a key on the
// curve P-256, and writes both into dir. HAProxy finds the key by its name.
func writeIdentity(dir string) (certFile, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "bench"},
		IPAddresses:  []net.IP{net.ParseIP(contenderHost)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(30 * 24 * time.Hour), // Beyond what is warned of.
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	certFile = filepath.Join(dir, "contenders.pem")
	keyFile = certFile + ".key"
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644); err != nil {
		return "", "", err
	}
	return certFile, keyFile, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

// clientTLS is how a client of the rig speaks the variant's TLS. It does not
// verify the certificate, no more than wrk does: whose it is, is known, and the
// time is not the contender's.
func (v variant) clientTLS() *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true,
		MinVersion:         v.tls,
		MaxVersion:         v.tls,
		CipherSuites:       []uint16{commonSuite1_2},                  // Of TLS 1.3 all are offered, the common one first.
		CurvePreferences:   []tls.CurveID{commonCurve, tls.CurveP256}, // P-256 for the certificate alone.
		ClientSessionCache: forgetful{},
	}
}

// forgetful is a client's store of sessions that keeps none. With it the client
// still asks for them as others do, and a contender has the work of making them.
type forgetful struct{}

func (forgetful) Get(string) (*tls.ClientSessionState, bool) { return nil, false }
func (forgetful) Put(string, *tls.ClientSessionState)        {}

// agreed returns what a connection does not have in common with those to the other
// contenders.
func (v variant) agreed(state *tls.ConnectionState) error {
	suite := commonSuite
	if v.tls == tls.VersionTLS12 {
		suite = commonSuite1_2
	}
	switch {
	case state.DidResume:
		return errors.New("a session was resumed")
	case state.Version != v.tls, state.CipherSuite != suite, state.CurveID != commonCurve:
		return fmt.Errorf("it chose %s, %s, %s (want %s, %s, %s)",
			tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), state.CurveID,
			tls.VersionName(v.tls), tls.CipherSuiteName(suite), commonCurve)
	}
	return nil
}

// opensslConfig lets programs with OpenSSL offer the same as the rig's clients.
func (v variant) opensslConfig() string {
	version := strings.Replace(tls.VersionName(v.tls), " ", "v", 1)
	return fmt.Sprintf(`openssl_conf = bench
[bench]
ssl_conf = programs
[programs]
system_default = offer
[offer]
MinProtocol = %s
MaxProtocol = %[1]s
Groups = %s:P-256
Ciphersuites = %s
CipherString = ECDHE-ECDSA-AES128-GCM-SHA256
`, version, commonCurve, tls.CipherSuiteName(commonSuite))
}
