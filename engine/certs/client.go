package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// verified returns the certificate that the client has shown, if it stood
// verification; nil otherwise.
func verified(cs *tls.ConnectionState) *x509.Certificate {
	if len(cs.VerifiedChains) == 0 {
		return nil
	}
	return cs.PeerCertificates[0]
}

// Subject returns the subject of a client's verified certificate as RFC 2253
// writes it, "CN=a,O=b", in printable ASCII alone so that it may be the value of a
// header field; "" without one, or if it has no subject. It is made anew each time:
// once per connection is enough.
func Subject(cs *tls.ConnectionState) string {
	c := verified(cs)
	if c == nil {
		return ""
	}
	return distinguishedName(c.RawSubject)
}

// ClientCert returns the value of the field Client-Cert for a client's verified
// certificate (RFC 9440, section 2.2); "" without one. It is made anew each time.
func ClientCert(cs *tls.ConnectionState) string {
	c := verified(cs)
	if c == nil {
		return ""
	}
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

// attribute and attributeSET are parts of a distinguished name with their values
// as they are in the certificate; the suffix tells encoding/asn1 of the set.
type (
	attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	attributeSET []attribute
)

// attributeNames are the types that RFC 2253, section 2.3, has a name for.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU",
	"0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
}

// distinguishedName writes a name as RFC 2253 does, the last part first. A name
// that cannot be read is "".
func distinguishedName(der []byte) string {
	var parts []attributeSET
	if rest, err := asn1.Unmarshal(der, &parts); err != nil || len(rest) > 0 {
		return ""
	}
	var b strings.Builder
	for i, part := range slices.Backward(parts) {
		if i < len(parts)-1 {
			b.WriteByte(',')
		}
		for j, a := range part {
			if j > 0 {
				b.WriteByte('+')
			}
			writeAttribute(&b, a)
		}
	}
	return b.String()
}

// writeAttribute writes one attribute: by name and text, or by number and the
// hexadecimal digits of its encoding (RFC 2253, section 2.4).
func writeAttribute(b *strings.Builder, a attribute) {
	oid := a.Type.String()
	name, known := attributeNames[oid]
	var text string
	if _, err := asn1.Unmarshal(a.Value.FullBytes, &text); err != nil || !known {
		b.WriteString(oid + "=#" + hex.EncodeToString(a.Value.FullBytes))
		return
	}
	b.WriteString(name)
	b.WriteByte('=')
	for i := range len(text) {
		writeEscaped(b, text, i)
	}
}

// writeEscaped writes the i-th byte of an attribute's text. What is not printable
// ASCII becomes its digits: a certificate may hold line breaks.
func writeEscaped(b *strings.Builder, text string, i int) {
	const digits = "0123456789ABCDEF"
	c := text[i]
	switch {
	case c < ' ' || c > '~':
		b.WriteByte('\\')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
		return
	case strings.IndexByte(`,+"\<>;`, c) >= 0, i == 0 && (c == '#' || c == ' '), i == len(text)-1 && c == ' ':
		b.WriteByte('\\')
	}
	b.WriteByte(c)
}
