package certs

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// A client is shown the certificate for the name it asks for: by its full name
// first, then by a wildcard for one label, else the first of all.
func TestName(t *testing.T) {
	a := certstest.NewAuthority(t)
	x := serve(t, a, Spec{Pairs: []Pair{
		pair(t, a, certstest.ECDSA(t), "first.test"),
		pair(t, a, certstest.ECDSA(t), "*.wild.test"),
		pair(t, a, certstest.ECDSA(t), "Own.wild.test", "other.test"),
	}})
	for name, want := range map[string]string{
		"first.test":      "first.test",
		"FIRST.test":      "first.test",
		"a.wild.test":     "*.wild.test",
		"A.WILD.test":     "*.wild.test",
		"own.wild.test":   "Own.wild.test",
		"other.test":      "Own.wild.test",
		"a.b.wild.test":   "first.test",
		"wild.test":       "first.test",
		"first.test.test": "first.test",
		"unknown":         "first.test",
		"":                "first.test",
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, x.in(t).shown(&tls.Config{ServerName: name}).Subject.CommonName)
		})
	}
}

// Of two certificates for a name a client gets the one whose key it knows, and the
// one that is cheaper to sign with if it knows both; so it is without a name, in the
// order of the list, and with a certificate of a wildcard beside that of the name.
func TestKindOfKey(t *testing.T) {
	a := certstest.NewAuthority(t)
	x := serve(t, a, Spec{Pairs: []Pair{
		pair(t, a, certstest.RSA(t), "both.test"),
		pair(t, a, certstest.ECDSA(t), "both.test"),
		pair(t, a, certstest.RSA(t), "*.wild.test"),
		pair(t, a, certstest.ECDSA(t), "own.wild.test"),
	}})
	old := func(name string, cipher uint16) *tls.Config {
		return &tls.Config{ServerName: name, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{cipher}}
	}
	const rsa, ecdsa = tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	for name, c := range map[string]struct {
		client *tls.Config
		want   x509.PublicKeyAlgorithm
	}{
		"knows both":              {&tls.Config{ServerName: "both.test"}, x509.ECDSA},
		"knows RSA":               {old("both.test", rsa), x509.RSA},
		"knows ECDSA":             {old("both.test", ecdsa), x509.ECDSA},
		"no name":                 {&tls.Config{}, x509.RSA},
		"no name, knows ECDSA":    {old("", ecdsa), x509.ECDSA},
		"other name, knows ECDSA": {old("other.test", ecdsa), x509.ECDSA},
		"beside a wildcard":       {old("own.wild.test", rsa), x509.RSA},
		"own name":                {&tls.Config{ServerName: "own.wild.test"}, x509.ECDSA},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, x.in(t).shown(c.client).PublicKeyAlgorithm)
		})
	}
}

// A client that offers other protocols and not HTTP/1.1 is told that there is none
// in common; one that offers it among others, or nothing, is let in.
func TestProtocols(t *testing.T) {
	a := certstest.NewAuthority(t)
	x := serve(t, a, Spec{Pairs: []Pair{pair(t, a, certstest.ECDSA(t), "a.test")}})
	c := x.client("a.test")
	c.NextProtos = []string{"h2"}
	_, p, err := x.try(c)
	require.ErrorContains(t, err, "no application protocol")
	require.Error(t, p.err)
	c.NextProtos = []string{"h2", "http/1.1"}
	state, _ := x.connect(c)
	require.Equal(t, "http/1.1", state.NegotiatedProtocol)
	c.NextProtos = nil
	state, _ = x.connect(c)
	require.Empty(t, state.NegotiatedProtocol)
}

// A client that speaks older versions than asked for, or none of the ciphers of
// TLS 1.2 that were named, is refused.
func TestVersionsAndCiphers(t *testing.T) {
	a := certstest.NewAuthority(t)
	pairs := []Pair{pair(t, a, certstest.ECDSA(t), "a.test")}
	modern := serve(t, a, Spec{Pairs: pairs, MinVersion: "1.3"})
	c := modern.client("a.test")
	c.MaxVersion = tls.VersionTLS12
	_, _, err := modern.try(c)
	require.ErrorContains(t, err, "protocol version")

	strict := serve(t, a, Spec{Pairs: pairs, Ciphers: []string{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}})
	state, _ := strict.connect(c)
	require.Equal(t, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, state.CipherSuite)
	c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	_, _, err = strict.try(c)
	require.ErrorContains(t, err, "handshake failure")
}

// A client certificate is asked for and verified as client_auth says, and what is
// passed on of it is that of a verified one, also when a session is resumed.
func TestClientAuth(t *testing.T) {
	a, stranger := certstest.NewAuthority(t), certstest.NewAuthority(t)
	pairs := []Pair{pair(t, a, certstest.ECDSA(t), "a.test")}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, a.PEM(), 0o600))
	own, theirs := a.IssueFor("somebody"), stranger.IssueFor("somebody")

	for name, c := range map[string]struct {
		auth    string
		shows   *certstest.Issued
		refused bool
		subject string
	}{
		"none":                 {auth: "none", shows: &own},
		"optional, without":    {auth: "optional"},
		"optional, own":        {auth: "optional", shows: &own, subject: "CN=somebody"},
		"optional, stranger's": {auth: "optional", shows: &theirs, refused: true},
		"require, without":     {auth: "require", refused: true},
		"require, own":         {auth: "require", shows: &own, subject: "CN=somebody"},
		"require, stranger's":  {auth: "require", shows: &theirs, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Pairs: pairs, ClientAuth: c.auth}
			if c.auth != "none" {
				spec.ClientCAFile = ca
			}
			x := serve(t, a, spec)
			client := x.client("a.test")
			if c.shows != nil {
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
					return &tls.Certificate{Certificate: [][]byte{c.shows.Cert.Raw}, PrivateKey: c.shows.Key}, nil
				}
			}
			if c.refused {
				_, p, err := x.try(client)
				require.Error(t, err)
				require.Error(t, p.err)
				return
			}
			for i := range 2 {
				_, p := x.connect(client)
				require.Equal(t, i == 1, p.state.DidResume)
				require.Equal(t, c.subject, Subject(&p.state))
				require.Equal(t, c.subject != "", ClientCert(&p.state) != "")
			}
		})
	}
}

// A spec that cannot be served is refused with all that is wrong with it.
func TestNewRefuses(t *testing.T) {
	a := certstest.NewAuthority(t)
	good := pair(t, a, certstest.ECDSA(t), "a.test")
	_, err := New(Spec{MinVersion: "1.1", Ciphers: []string{"TLS_RSA_WITH_RC4_128_SHA", "x"}, ClientAuth: "optional"}, freshTickets(t), slog.Default())
	require.ErrorContains(t, err, "min_version: TLS 1.1 is not safe (want 1.2 or 1.3)")
	require.ErrorContains(t, err, "ciphers: TLS_RSA_WITH_RC4_128_SHA is not safe (want ")
	require.ErrorContains(t, err, `ciphers: unknown cipher "x" (want `)
	require.ErrorContains(t, err, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
	require.ErrorContains(t, err, "certificates: at least one is needed")
	require.ErrorContains(t, err, "client_ca_file: needed to verify clients with client_auth optional")

	_, err = New(Spec{Pairs: []Pair{good}, MinVersion: "1.3", Ciphers: []string{"TLS_AES_128_GCM_SHA256"}, ClientCAFile: "x"}, freshTickets(t), slog.Default())
	require.ErrorContains(t, err, "ciphers: TLS_AES_128_GCM_SHA256 is of TLS 1.3")
	require.ErrorContains(t, err, "ciphers: they are for TLS 1.2")
	require.ErrorContains(t, err, "client_ca_file: without effect")

	_, err = New(Spec{Pairs: []Pair{{"no.pem", good.KeyFile}, {good.KeyFile, good.KeyFile}}, MinVersion: "9", ClientAuth: "maybe"}, freshTickets(t), slog.Default())
	require.ErrorContains(t, err, `min_version: unknown TLS version "9" (want 1.2 or 1.3)`)
	require.ErrorContains(t, err, `client_auth: unknown client_auth "maybe" (want none, optional or require)`)

	_, err = New(Spec{Pairs: []Pair{{"no.pem", good.KeyFile}, {good.KeyFile, good.KeyFile}}, ClientAuth: "require", ClientCAFile: good.KeyFile}, freshTickets(t), slog.Default())
	require.ErrorContains(t, err, "open no.pem: no such file or directory; it must be there")
	require.ErrorContains(t, err, good.KeyFile+": holds no PEM block")
}

// Specs are equal when all they say is.
func TestSpecEqual(t *testing.T) {
	full := func() Spec {
		return Spec{Pairs: []Pair{{"a", "b"}}, MinVersion: "1.2", Ciphers: []string{"c"}, ClientCAFile: "d", ClientAuth: "e"}
	}
	require.True(t, full().Equal(full()))
	for _, change := range []func(*Spec){
		func(s *Spec) { s.Pairs[0].KeyFile = "x" }, func(s *Spec) { s.Pairs = nil }, func(s *Spec) { s.MinVersion = "x" },
		func(s *Spec) { s.Ciphers[0] = "x" }, func(s *Spec) { s.ClientCAFile = "x" }, func(s *Spec) { s.ClientAuth = "x" },
	} {
		other := full()
		change(&other)
		require.False(t, full().Equal(other), "%v", other)
	}
}

// waitFor waits until the store's first certificate is this one.
func (x *tester) waitFor(want certstest.Issued) {
	x.t.Helper()
	require.Eventually(x.t, func() bool {
		leaves := x.store.Leaves()
		return leaves[0].NotAfter.Equal(want.Cert.NotAfter) && x.store.current.Load().pairs[0].Leaf.Equal(want.Cert)
	}, 20*time.Second, 5*time.Millisecond)
}

// A certificate that is replaced is shown to the next client. While only one of its
// two files is, the one before is shown, and the log says once why.
func TestReplace(t *testing.T) {
	a := certstest.NewAuthority(t)
	p := pair(t, a, certstest.ECDSA(t), "a.test")
	other := pair(t, a, certstest.ECDSA(t), "other.test")
	x := serve(t, a, Spec{Pairs: []Pair{p, other}})
	before, _ := x.connect(x.client("a.test"))

	next := a.IssueFor("a.test")
	require.NoError(t, os.WriteFile(p.CertFile, next.PEM(), 0o600))
	const kept = "certificates not reloaded"
	require.Eventually(t, func() bool { return x.log.count(kept) == 1 }, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, 1, x.log.count(p.KeyFile+": private key does not match"))
	state, _ := x.connect(x.client("a.test"))
	require.Equal(t, before.PeerCertificates[0].Raw, state.PeerCertificates[0].Raw)

	otherNext := a.IssueFor("other.test")
	otherNext.Write(t, filepath.Dir(other.CertFile))
	require.Eventually(t, func() bool { return x.log.count("certificate reloaded") == 1 }, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, otherNext.Cert.Raw, x.shown(x.client("other.test")).Raw, "one that is whole does not wait for one that is not")

	require.NoError(t, os.WriteFile(p.KeyFile, next.KeyPEM(t), 0o600))
	x.waitFor(next)
	state, _ = x.connect(x.client("a.test"))
	require.Equal(t, next.Cert.Raw, state.PeerCertificates[0].Raw)
	require.Equal(t, 1, x.log.count(p.KeyFile+": private key does not match"))
}

// A change of the client authorities holds for the next handshake: a client of the
// former is refused, though it has a session to resume.
func TestReplaceAuthorities(t *testing.T) {
	a, next := certstest.NewAuthority(t), certstest.NewAuthority(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, a.PEM(), 0o600))
	x := serve(t, a, Spec{Pairs: []Pair{pair(t, a, certstest.ECDSA(t), "a.test")}, ClientCAFile: ca, ClientAuth: "require"})
	own := a.IssueFor("somebody")
	c := x.client("a.test")
	c.Certificates = []tls.Certificate{{Certificate: [][]byte{own.Cert.Raw}, PrivateKey: own.Key}}
	x.connect(c)
	_, p := x.connect(c)
	require.True(t, p.state.DidResume)

	require.NoError(t, os.WriteFile(ca, next.PEM(), 0o600))
	require.Eventually(t, func() bool { return x.log.count("client authorities reloaded") > 0 }, 20*time.Second, 5*time.Millisecond)
	_, p, err := x.try(c)
	require.Error(t, err)
	require.Error(t, p.err)
}

// Leaves tell the file, the names and the end of each certificate.
func TestLeaves(t *testing.T) {
	a := certstest.NewAuthority(t)
	p := pair(t, a, certstest.ECDSA(t), "a.test", "*.b.test", "127.0.0.1")
	leaves := serve(t, a, Spec{Pairs: []Pair{p}}).store.Leaves()
	require.Len(t, leaves, 1)
	require.Equal(t, p.CertFile, leaves[0].File)
	require.Equal(t, []string{"a.test", "*.b.test", "127.0.0.1"}, leaves[0].Names)
	require.WithinDuration(t, time.Now().Add(time.Hour), leaves[0].NotAfter, time.Minute)
}
