package certs

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// raw encodes one attribute of a subject.
func raw(t *testing.T, oid asn1.ObjectIdentifier, value any) pkix.RelativeDistinguishedNameSET {
	t.Helper()
	return pkix.RelativeDistinguishedNameSET{{Type: oid, Value: value}}
}

// A subject is written as RFC 2253 has it, with nothing in it that a header field
// may not have.
func TestDistinguishedName(t *testing.T) {
	cn, o := asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{2, 5, 4, 10}
	for name, c := range map[string]struct {
		parts pkix.RDNSequence
		want  string
	}{
		"none":          {nil, ""},
		"last first":    {pkix.RDNSequence{raw(t, o, "Widget"), raw(t, cn, "Steve")}, "CN=Steve,O=Widget"},
		"two in one":    {pkix.RDNSequence{append(raw(t, cn, "a"), raw(t, o, "b")...)}, "CN=a+O=b"},
		"special":       {pkix.RDNSequence{raw(t, cn, `a,b+c"d\e<f>g;h=i`)}, `CN=a\,b\+c\"d\\e\<f\>g\;h=i`},
		"hash":          {pkix.RDNSequence{raw(t, cn, "##")}, `CN=\##`},
		"spaces":        {pkix.RDNSequence{raw(t, cn, "  a  ")}, `CN=\  a \ `},
		"one space":     {pkix.RDNSequence{raw(t, cn, " ")}, `CN=\ `},
		"line break":    {pkix.RDNSequence{raw(t, cn, "a\r\nX-Admin: 1\x00\x7f")}, `CN=a\0D\0AX-Admin: 1\00\7F`},
		"not ASCII":     {pkix.RDNSequence{raw(t, cn, "Lučić")}, `CN=Lu\C4\8Di\C4\87`},
		"known numbers": {pkix.RDNSequence{raw(t, asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, "net"), raw(t, asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, "me")}, "UID=me,DC=net"},
		"unknown":       {pkix.RDNSequence{raw(t, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1466, 0}, "AB")}, "1.3.6.1.4.1.1466.0=#13024142"},
		"no text":       {pkix.RDNSequence{raw(t, cn, 7)}, "2.5.4.3=#020107"},
	} {
		t.Run(name, func(t *testing.T) {
			der, err := asn1.Marshal(c.parts)
			require.NoError(t, err)
			require.Equal(t, c.want, distinguishedName(der))
		})
	}
	require.Empty(t, distinguishedName([]byte("nonsense")))
}

// Nothing is passed on of a certificate that was not verified.
func TestOnlyVerified(t *testing.T) {
	a := certstest.NewAuthority(t)
	leaf := a.IssueFor("somebody").Cert
	cs := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
	require.Empty(t, Subject(cs))
	require.Empty(t, ClientCert(cs))
	cs.VerifiedChains = [][]*x509.Certificate{{leaf, a.Cert}}
	require.Equal(t, "CN=somebody", Subject(cs))
	require.Equal(t, ":"+base64.StdEncoding.EncodeToString(leaf.Raw)+":", ClientCert(cs))
}
