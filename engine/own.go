package engine

import (
	"bytes"
	"strconv"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// isForUs reports whether the proxy answers the request itself: it asks for the
// metrics, or it is an OPTIONS or TRACE that goes no further (RFC 9110 section
// 7.6.2).
func (x *exchange) isForUs() bool {
	return x.wantsMetrics() || x.goesNoFurther()
}

// answer answers a request for the proxy itself.
func (x *exchange) answer() error {
	var body bytes.Buffer
	fields := ""
	switch {
	case x.wantsMetrics():
		fields = "Content-Type: " + metricsType + "\r\n"
		x.conn.engine.metrics.Expose(&body)
	case string(x.request.Method) == "TRACE":
		fields = "Content-Type: message/http\r\n"
		body.Write(x.trace())
	default:
		fields = allowLine
	}
	x.status = 200
	x.skipBody()
	x.out = appendDate(append(x.out[:0], "HTTP/1.1 200 OK\r\n"...))
	x.out = append(x.out, fields...)
	x.out = appendLength(x.out, int64(body.Len()))
	x.out = append(x.out, x.hsts()...)
	x.out = x.appendRequestID(x.out)
	x.out = x.appendConnection(x.out)
	x.out = append(x.out, "\r\n"...)
	x.sentHead += int64(len(x.out))
	if string(x.request.Method) != "HEAD" {
		x.out = append(x.out, body.Bytes()...)
	}
	if flush(&x.out, (*toClient)(x)) != nil {
		x.breakOff(byClient)
	}
	return nil
}

// wantsMetrics reports whether the request asks for the metrics of the proxy.
func (x *exchange) wantsMetrics() bool {
	return len(x.snap.metricsPath) > 0 && string(x.request.Path) == x.snap.metricsPath
}

// goesNoFurther reports whether Max-Forwards has run out.
func (x *exchange) goesNoFurther() bool {
	if m := x.request.Method; len(m) == 0 || m[0] != 'O' && m[0] != 'T' {
		return false
	}
	n, ok := x.maxForwards()
	return ok && n == 0
}

// maxForwards returns how often the request may be forwarded, if it says so.
func (x *exchange) maxForwards() (n uint64, ok bool) {
	if m := string(x.request.Method); m != "OPTIONS" && m != "TRACE" {
		return 0, false
	}
	for i := range x.request.Fields {
		if f := &x.request.Fields[i]; f.ID == http1.MaxForwards {
			n, err := strconv.ParseUint(string(f.Value), 10, 32)
			return n, err == nil
		}
	}
	return 0, false
}

// trace returns the request as it was received, without what it must not tell
// (RFC 9110 section 9.3.8).
func (x *exchange) trace() []byte {
	q := &x.request
	out := append([]byte("TRACE "), q.Target...)
	out = append(out, " HTTP/1."...)
	out = strconv.AppendInt(out, int64(q.Minor), 10)
	out = append(out, "\r\n"...)
	for i := range q.Fields {
		f := &q.Fields[i]
		switch string(bytes.ToLower(f.Name)) {
		case "authorization", "cookie", "proxy-authorization":
			continue
		}
		out = http1.AppendField(out, f.Name, f.Value)
	}
	return append(out, "\r\n"...)
}
