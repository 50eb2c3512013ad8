package http1

import "bytes"

// Field is one field line of a head. Name and Value are slices of it, the value
// without the blanks around it.
type Field struct {
	ID    FieldID
	Name  []byte
	Value []byte
}

// FieldID tells the fields a proxy has to know from all the others.
type FieldID uint8

// The fields a proxy has to know.
const (
	Other FieldID = iota
	Twin          // an underscore stands where one of the following has a hyphen
	Accept
	ClientCert
	ClientCertChain
	Connection
	ContentLength
	Date
	Expect
	Forwarded
	Host
	HTTP2Settings
	KeepAlive
	MaxForwards
	ProxyAuthenticate
	ProxyAuthorization
	ProxyConnection
	StrictTransportSecurity
	TE
	Trailer
	TransferEncoding
	Upgrade
	Via
	XClientCertSubject
	XForwardedFor
	XForwardedHost
	XForwardedProto
	XRealIP
)

var knownFields = []struct {
	name string
	id   FieldID
}{
	{"accept", Accept},
	{"client-cert", ClientCert},
	{"client-cert-chain", ClientCertChain},
	{"connection", Connection},
	{"content-length", ContentLength},
	{"date", Date},
	{"expect", Expect},
	{"forwarded", Forwarded},
	{"host", Host},
	{"http2-settings", HTTP2Settings},
	{"keep-alive", KeepAlive},
	{"max-forwards", MaxForwards},
	{"proxy-authenticate", ProxyAuthenticate},
	{"proxy-authorization", ProxyAuthorization},
	{"proxy-connection", ProxyConnection},
	{"strict-transport-security", StrictTransportSecurity},
	{"te", TE},
	{"trailer", Trailer},
	{"transfer-encoding", TransferEncoding},
	{"upgrade", Upgrade},
	{"via", Via},
	{"x-client-cert-subject", XClientCertSubject},
	{"x-forwarded-for", XForwardedFor},
	{"x-forwarded-host", XForwardedHost},
	{"x-forwarded-proto", XForwardedProto},
	{"x-real-ip", XRealIP},
}

// fieldsByLength finds the few names a name can be by its length alone.
var fieldsByLength = func() (t [32][]int) {
	for i, f := range knownFields {
		t[len(f.name)] = append(t[len(f.name)], i)
	}
	return t
}()

// identify returns the FieldID of a name in any case. A Twin is not the field it
// looks like: it neither frames nor routes a message, since nobody else takes it
// for that. But a CGI-like backend reads both as one variable, so it must not pass
// beside the field the proxy vouches for.
func identify(name []byte) FieldID {
	if len(name) >= len(fieldsByLength) {
		return Other
	}
	for _, i := range fieldsByLength[len(name)] {
		if !sameName(name, knownFields[i].name) {
			continue
		}
		if bytes.IndexByte(name, '_') >= 0 {
			return Twin
		}
		return knownFields[i].id
	}
	return Other
}

// SameName reports whether name is known, a name in lower case, in any case and
// with underscores for hyphens.
func SameName(name []byte, known string) bool {
	return len(name) == len(known) && sameName(name, known)
}

func sameName(name []byte, known string) bool {
	for i, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '_':
			c = '-'
		}
		if c != known[i] {
			return false
		}
	}
	return true
}

// ParseFields appends to dst the fields of block: the field lines of a head,
// each with its CRLF, and the empty line at the end. It returns ErrField for a
// line that RFC 9112 section 5 does not allow: no colon, a blank before the
// colon, a name that is no token, folding, a bare CR or LF, a control character.
// It returns ErrTooManyFields when there are more than limit.
func ParseFields(dst []Field, block []byte, limit int) ([]Field, error) {
	for {
		i := bytes.IndexByte(block, '\n')
		if i < 1 || block[i-1] != '\r' {
			return dst, ErrField
		}
		line := block[:i-1]
		block = block[i+1:]
		if len(line) == 0 {
			if len(block) > 0 {
				return dst, ErrField
			}
			return dst, nil
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 1 || !all(line[:colon], &tokenChars) || !isValue(line[colon+1:]) {
			return dst, ErrField
		}
		if len(dst) == limit {
			return dst, ErrTooManyFields
		}
		dst = append(dst, Field{
			ID:    identify(line[:colon]),
			Name:  line[:colon],
			Value: TrimBlanks(line[colon+1:]),
		})
	}
}

// AppendField appends a field line to dst.
func AppendField(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// HopByHop reports whether a field concerns one connection only and is never
// passed on (RFC 9110 section 7.6.1).
func (id FieldID) HopByHop() bool {
	switch id {
	case Connection, HTTP2Settings, KeepAlive, ProxyAuthenticate, ProxyAuthorization,
		ProxyConnection, TE, Trailer, TransferEncoding, Upgrade:
		return true
	}
	return false
}
