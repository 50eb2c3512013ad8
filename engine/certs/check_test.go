package certs

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// lasting is the template of a certificate for a.test that is valid from one day
// to another, counted from now.
func lasting(now time.Time, from, to int) *x509.Certificate {
	c := certstest.For("a.test")
	c.NotBefore, c.NotAfter = now.AddDate(0, 0, from), now.AddDate(0, 0, to)
	return c
}

// Check finds what is wrong with the files of a certificate, names the file and
// says what to do; a certificate that is well has no problems.
func TestCheckPair(t *testing.T) {
	now := time.Now()
	a := certstest.NewAuthority(t)
	long := func() certstest.Issued { return a.Issue(lasting(now, -1, 90), certstest.ECDSA(t)) }
	for name, c := range map[string]struct {
		write func(dir string)
		want  []string // what each problem holds, in order; a warning begins with "?"
	}{
		"well":       {func(dir string) { long().Write(t, dir) }, nil},
		"no files":   {func(string) {}, []string{"cert.pem: no such file or directory; it must be there"}},
		"no key":     {func(dir string) { long().Write(t, dir); remove(t, dir, "key.pem") }, []string{"key.pem: no such file or directory; it must be there"}},
		"no PEM":     {func(dir string) { long().Write(t, dir); write(t, dir, "cert.pem", "hello") }, []string{"cert.pem: holds no PEM block"}},
		"no PEM key": {func(dir string) { long().Write(t, dir); write(t, dir, "key.pem", "hello") }, []string{"key.pem: failed to find any PEM data"}},
		"bad DER": {func(dir string) {
			long().Write(t, dir)
			write(t, dir, "cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}, []string{"cert.pem: certificate 1: "}},
		"other key": {func(dir string) { long().Write(t, dir); write(t, dir, "key.pem", string(long().KeyPEM(t))) }, []string{"key.pem: private key does not match public key; it must hold the key of the first certificate in "}},
		"encrypted": {func(dir string) {
			long().Write(t, dir)
			write(t, dir, "key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
		}, []string{"key.pem: the key is encrypted"}},
		"readable": {func(dir string) {
			long().Write(t, dir)
			require.NoError(t, os.Chmod(filepath.Join(dir, "key.pem"), 0o644))
		}, []string{"?key.pem: every user of the machine may use the key (mode 0644); chmod o= it"}},
		"large":        {func(dir string) { long().Write(t, dir); write(t, dir, "cert.pem", string(make([]byte, maxFile+1))) }, []string{"cert.pem: larger than 4 MiB"}},
		"expired":      {func(dir string) { a.Issue(lasting(now, -9, -1), certstest.ECDSA(t)).Write(t, dir) }, []string{"cert.pem: CN=a.test expired on "}},
		"not yet":      {func(dir string) { a.Issue(lasting(now, 1, 90), certstest.ECDSA(t)).Write(t, dir) }, []string{"cert.pem: CN=a.test is valid only from "}},
		"expires soon": {func(dir string) { a.Issue(lasting(now, -1, 13), certstest.ECDSA(t)).Write(t, dir) }, []string{"?cert.pem: CN=a.test expires on "}},
		"no names": {func(dir string) {
			c := lasting(now, -1, 90)
			c.DNSNames = nil
			a.Issue(c, certstest.ECDSA(t)).Write(t, dir)
		}, []string{"cert.pem: CN=a.test has no subject alternative name"}},
		"for clients": {func(dir string) {
			c := lasting(now, -1, 90)
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			a.Issue(c, certstest.ECDSA(t)).Write(t, dir)
		}, []string{"cert.pem: CN=a.test is not for servers"}},
		"no subject": {func(dir string) {
			c := lasting(now, -9, -1)
			c.Subject = pkix.Name{}
			a.Issue(c, certstest.ECDSA(t)).Write(t, dir)
		}, []string{"cert.pem: a.test expired on "}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.write(dir)
			requireProblems(t, c.want, Check(Spec{Pairs: []Pair{{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}}}, now))
		})
	}
}

// A chain has its leaf first, and each further certificate has signed one before
// it; all are in their time.
func TestCheckChain(t *testing.T) {
	now := time.Now()
	root, stranger := certstest.NewAuthority(t), certstest.NewAuthority(t)
	outer := root.Intermediate("outer")
	inner := outer.Intermediate("inner")
	leaf := inner.Issue(lasting(now, -1, 90), certstest.ECDSA(t))
	old := root.Issue(lasting(now, -9, -1), certstest.ECDSA(t))
	for name, c := range map[string]struct {
		chain []certstest.Issued
		want  []string
	}{
		"alone":          {nil, nil},
		"whole":          {[]certstest.Issued{inner.Issued, outer.Issued}, nil},
		"with its root":  {[]certstest.Issued{inner.Issued, outer.Issued, root.Issued}, nil},
		"wrong order":    {[]certstest.Issued{outer.Issued, inner.Issued}, []string{"cert.pem: chain in the wrong order: certificate 2 (CN=outer) comes before the one it has signed; put it behind"}},
		"stranger":       {[]certstest.Issued{inner.Issued, stranger.Issued}, []string{"cert.pem: certificate 3 (CN=authority) has signed none before it; remove it"}},
		"twice":          {[]certstest.Issued{leaf, inner.Issued}, []string{"cert.pem: certificate 2 (CN=a.test) has signed none before it"}},
		"another's leaf": {[]certstest.Issued{old}, []string{"cert.pem: CN=a.test expired on ", "cert.pem: certificate 2 (CN=a.test) has signed none before it"}},
		"without a link": {[]certstest.Issued{outer.Issued}, []string{"cert.pem: certificate 2 (CN=outer) has signed none before it"}},
	} {
		t.Run(name, func(t *testing.T) {
			certFile, keyFile := leaf.Write(t, t.TempDir(), c.chain...)
			requireProblems(t, c.want, Check(Spec{Pairs: []Pair{{certFile, keyFile}}}, now))
		})
	}
	certFile, keyFile := inner.Write(t, t.TempDir(), leaf)
	write(t, filepath.Dir(keyFile), "key.pem", string(leaf.KeyPEM(t)))
	requireProblems(t, []string{"cert.pem: chain in the wrong order: " + keyFile + " belongs to certificate 2 (CN=a.test); put that one first"},
		Check(Spec{Pairs: []Pair{{certFile, keyFile}}}, now))
}

// A name that two certificates have is told, unless they differ in the kind of key.
func TestCheckDouble(t *testing.T) {
	now := time.Now()
	a := certstest.NewAuthority(t)
	var spec Spec
	for _, key := range []crypto.Signer{certstest.ECDSA(t), certstest.RSA(t), certstest.ECDSA(t)} {
		c := lasting(now, -1, 90)
		c.DNSNames = append(c.DNSNames, fmt.Sprintf("%d.test", len(spec.Pairs)))
		certFile, keyFile := a.Issue(c, key).Write(t, t.TempDir())
		spec.Pairs = append(spec.Pairs, Pair{certFile, keyFile})
	}
	requireProblems(t, []string{"?cert.pem: a.test is also in " + spec.Pairs[0].CertFile + ", with a key of the same kind (ECDSA)"}, Check(spec, now))
}

// What is wrong with the authorities of clients, and with the spec itself, is told
// beside what is wrong with the certificates.
func TestCheckSpec(t *testing.T) {
	now := time.Now()
	a := certstest.NewAuthority(t)
	dir := t.TempDir()
	certFile, keyFile := a.Issue(lasting(now, -1, 9000), certstest.ECDSA(t)).Write(t, dir)
	spec := Spec{Pairs: []Pair{{certFile, keyFile}}, ClientAuth: "require", ClientCAFile: filepath.Join(dir, "ca.pem")}
	requireProblems(t, []string{"ca.pem: no such file"}, Check(spec, now))
	write(t, dir, "ca.pem", string(a.KeyPEM(t)))
	requireProblems(t, []string{"ca.pem: holds no PEM block"}, Check(spec, now))
	write(t, dir, "ca.pem", string(a.PEM()))
	requireProblems(t, nil, Check(spec, now))
	requireProblems(t, []string{"?ca.pem: CN=authority expired on "}, Check(spec, now.AddDate(2, 0, 0)))
	spec.MinVersion, spec.ClientAuth = "1.0", "some"
	requireProblems(t, []string{"min_version: TLS 1.0 is not safe", `client_auth: unknown client_auth "some"`}, Check(spec, now))
}

// requireProblems compares problems with what each is to hold; that of a warning
// begins with "?".
func requireProblems(t *testing.T, want []string, got []Problem) {
	t.Helper()
	require.Len(t, got, len(want), "%v", got)
	for i, w := range want {
		text, warning := strings.CutPrefix(w, "?")
		require.Contains(t, got[i].Text, text)
		require.Equal(t, warning, got[i].Warning, got[i].Text)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(dir, name)))
}
