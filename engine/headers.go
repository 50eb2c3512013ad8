package engine

import (
	"strconv"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// appendRequestHead appends the head that is sent to the backend: the client's,
// field by field as it came, without what concerns the client's connection only,
// and with who the client is.
func (x *exchange) appendRequestHead(dst []byte) []byte {
	q := &x.request
	dst = x.appendRequestLine(dst)
	dst = http1.AppendField(dst, nameHost, q.Host)

	nominated, id := nominates(q.Fields), &x.snap.requestID
	for i := range q.Fields {
		f := &q.Fields[i]
		switch f.ID {
		case http1.Other:
			if id.is(f) {
				continue
			}
		case http1.Twin, http1.Host, http1.ContentLength, http1.Expect, http1.XRealIP, http1.XForwardedFor:
			continue
		case http1.Forwarded, http1.XForwardedProto, http1.XForwardedHost:
			if !x.trusted {
				continue
			}
		case http1.ClientCert, http1.ClientCertChain, http1.XClientCertSubject:
			if !x.trusted || x.conn.identity() != nil {
				continue // RFC 9440 section 4
			}
		case http1.MaxForwards:
			if n, ok := x.maxForwards(); ok {
				dst = append(dst, "Max-Forwards: "...)
				dst = strconv.AppendUint(dst, n-1, 10)
				dst = append(dst, "\r\n"...)
				continue
			}
		case http1.Trailer:
			if q.Framing.Kind != http1.Chunked {
				continue
			}
		default:
			if f.ID.HopByHop() {
				continue
			}
		}
		if nominated && isNominated(q.Fields, f) {
			continue
		}
		dst = http1.AppendField(dst, f.Name, f.Value)
	}
	dst = x.appendForwarded(dst)
	dst = x.appendVia(dst, q.Minor)
	dst = x.appendRequestID(dst)
	return append(appendHop(dst, q), "\r\n"...)
}

// appendHop appends the fields of a request that concern the connection to the
// backend only, in the place of the client's.
func appendHop(dst []byte, q *http1.Request) []byte {
	upgrades := q.Upgrade != nil && q.Framing.Empty()
	switch {
	case q.Trailers && upgrades:
		dst = append(dst, "Connection: Upgrade, TE\r\nTE: trailers\r\n"...)
	case q.Trailers:
		dst = append(dst, "Connection: TE\r\nTE: trailers\r\n"...)
	case upgrades:
		dst = append(dst, "Connection: Upgrade\r\n"...)
	}
	if upgrades {
		dst = http1.AppendField(dst, nameUpgrade, q.Upgrade)
	}
	switch q.Framing.Kind {
	case http1.Length:
		dst = appendLength(dst, q.Framing.Length)
	case http1.Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return dst
}

// appendRequestLine appends the first line, with the target in the form that a
// backend gets it.
func (x *exchange) appendRequestLine(dst []byte) []byte {
	q := &x.request
	dst = append(dst, q.Method...)
	dst = append(dst, ' ')
	switch {
	case x.connect:
		dst = append(dst, q.Host...)
	case len(q.Path) == 0:
		dst = append(dst, '/')
	}
	dst = append(dst, q.Path...)
	dst = append(dst, q.Query...)
	return append(dst, " HTTP/1.1\r\n"...)
}

var (
	nameHost           = []byte("Host")
	nameForwardedHost  = []byte("X-Forwarded-Host")
	nameForwardedProto = []byte("X-Forwarded-Proto")
	nameUpgrade        = []byte("Upgrade")
)

// appendForwarded appends the fields that tell the backend who the client is.
// Those of an untrusted peer are replaced, those of a trusted one continued; its
// Forwarded field (RFC 7239), which says the same in other words, passes as it is.
func (x *exchange) appendForwarded(dst []byte) []byte {
	dst = append(dst, "X-Real-IP: "...)
	if x.client == x.conn.peer {
		dst = append(dst, x.conn.peerText...)
	} else {
		dst = x.client.AppendTo(dst)
	}
	dst = append(dst, "\r\nX-Forwarded-For: "...)
	proto, host := false, false
	if x.trusted {
		for i := range x.request.Fields {
			switch f := &x.request.Fields[i]; f.ID {
			case http1.XForwardedFor:
				dst = append(dst, f.Value...)
				dst = append(dst, ", "...)
			case http1.XForwardedProto:
				proto = true
			case http1.XForwardedHost:
				host = true
			}
		}
	}
	dst = append(dst, x.conn.peerText...)
	dst = append(dst, "\r\n"...)
	if !proto {
		dst = http1.AppendField(dst, nameForwardedProto, x.conn.scheme())
	}
	if !host && len(x.request.Host) > 0 {
		dst = http1.AppendField(dst, nameForwardedHost, x.request.Host)
	}
	return append(dst, x.conn.identity()...)
}

// appendResponseHead appends the head that is sent to the client: the backend's,
// field by field as it came, without what concerns the backend's connection only.
// body is how the body is framed towards the client.
func (x *exchange) appendResponseHead(dst []byte, body http1.FramingKind) []byte {
	p := &x.upstream.Response
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(p.Status), 10)
	dst = append(dst, ' ')
	dst = append(dst, p.Reason...)
	dst = append(dst, "\r\n"...)

	nominated, length, dated, hsts := nominates(p.Fields), false, p.Status < 200, x.hsts()
	id := &x.snap.requestID
	connected := x.connect && p.Status >= 200 && p.Status < 300
	for i := range p.Fields {
		f := &p.Fields[i]
		switch {
		case f.ID == http1.Other:
			if id.is(f) {
				continue
			}
		case f.ID == http1.ContentLength:
			if length || p.Status < 200 || p.Status == 204 || connected {
				continue // RFC 9110 section 8.6
			}
			length = true
		case f.ID == http1.Trailer && body == http1.Chunked:
		case f.ID.HopByHop():
			continue
		}
		if nominated && isNominated(p.Fields, f) {
			continue
		}
		dated = dated || f.ID == http1.Date
		if f.ID == http1.StrictTransportSecurity {
			hsts = nil
		}
		dst = http1.AppendField(dst, f.Name, f.Value)
	}
	if !dated {
		dst = appendDate(dst) // RFC 9110 section 6.6.1 asks it of whoever forwards
	}
	dst = x.appendVia(dst, p.Minor)
	if body == http1.Chunked {
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	if p.Status >= 200 || p.Status == 101 {
		dst = x.appendRequestID(dst)
	}
	if len(p.Upgrade) > 0 {
		dst = append(dst, "Connection: Upgrade\r\n"...)
		dst = http1.AppendField(dst, nameUpgrade, p.Upgrade)
	}
	if p.Status >= 200 && !connected {
		dst = append(dst, hsts...)
		dst = x.appendConnection(dst)
	}
	return append(dst, "\r\n"...)
}

// appendConnection appends the Connection field, where the version does not say
// the same already. It is the last moment to decide: a stop that began while the
// backend worked ends the connection too, and so does a reload after which a new
// one would speak TLS in another way.
func (x *exchange) appendConnection(dst []byte) []byte {
	x.close = x.close || x.conn.listener.closing.Load() || x.conn.store() != x.listener.store
	switch {
	case x.close:
		return append(dst, "Connection: close\r\n"...)
	case x.request.Minor == 0:
		return append(dst, "Connection: keep-alive\r\n"...)
	}
	return dst
}

func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

// nominates reports whether a Connection field names other fields, which then
// concern that connection only (RFC 9110 section 7.6.1).
func nominates(fields []http1.Field) bool {
	for i := range fields {
		if fields[i].ID != http1.Connection {
			continue
		}
		for option, list := http1.NextElement(fields[i].Value); ; option, list = http1.NextElement(list) {
			if len(option) > 0 && !http1.EqualFold(option, "close") && !http1.EqualFold(option, "keep-alive") {
				return true
			}
			if len(list) == 0 {
				break
			}
		}
	}
	return false
}

// isNominated reports whether a Connection field names f. Fields a message cannot
// do without are not let go: a client could otherwise take from the backend what
// the proxy vouches for.
func isNominated(fields []http1.Field, f *http1.Field) bool {
	switch f.ID {
	case http1.Host, http1.ContentLength, http1.Forwarded, http1.XForwardedProto, http1.XForwardedHost,
		http1.ClientCert, http1.ClientCertChain, http1.XClientCertSubject:
		return false
	}
	for i := range fields {
		if fields[i].ID != http1.Connection {
			continue
		}
		for list := fields[i].Value; len(list) > 0; {
			var option []byte
			if option, list = http1.NextElement(list); equalFold(option, f.Name) {
				return true
			}
		}
	}
	return false
}

// equalFold reports whether two names are the same in any case.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
