package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever bytes a certificate has for its subject, what is made of them can be the
// value of a header field.
func FuzzDistinguishedName(f *testing.F) {
	for _, name := range []string{"a", " ", "#", "a\r\nb: c", "\x00", "ü", `\`} {
		der, err := asn1.Marshal(pkix.Name{CommonName: name, Organization: []string{name, "b"}}.ToRDNSequence())
		require.NoError(f, err)
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		for _, c := range []byte(distinguishedName(der)) {
			require.True(t, ' ' <= c && c <= '~', "%q", c)
		}
	})
}
