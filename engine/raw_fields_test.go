package engine

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// rewrites are the fields of a GET of /x beside Host, and those of them that reach
// the backend, in one line, without the four that tell who the client is.
var rewrites = []struct{ rfc, sent, arrives string }{
	{"9110 5.3 order", "B: 1\r\nA: 2\r\nC: 3\r\n", "B: 1, A: 2, C: 3"},
	{"9110 5.3 duplicates", "A: 1\r\nB: 2\r\nA: 3\r\na: 4\r\n", "A: 1, B: 2, A: 3, a: 4"},
	{"9110 5.3 duplicates", "Cookie: a=b\r\nCookie: c=d\r\n", "Cookie: a=b, Cookie: c=d"},
	{"9110 5.1 case stays", "x-LOWER-Case: V\r\n", "x-LOWER-Case: V"},
	{"9110 5.1 any token", "!#$%&'*+-.^_`|~09: x\r\n", "!#$%&'*+-.^_`|~09: x"},
	{"9110 5.5 blanks around", "A:\t x \t\r\nB:y\r\n", "A: x, B: y"},
	{"9110 5.5 blanks inside", "A: x \t y\r\n", "A: x \t y"},
	{"9110 5.5 empty", "A:\r\nB: \t\r\nC: \r\n", "A: , B: , C: "},
	{"9110 5.5 obs-text", "A: \x80\xff\xc3\xa9\r\n", "A: \x80\xff\xc3\xa9"},
	{"9110 5.5 anything visible", "A: \"(),/:;<=>?@[\\]{}\r\n", "A: \"(),/:;<=>?@[\\]{}"},
	{"9110 5.5 a field inside", "A: B: C\r\n", "A: B: C"},
	{"9110 14 ranges", "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n", "Range: bytes=0-1, If-Range: \"x\""},
	{"9110 11 authorization", "Authorization: Basic x\r\n", "Authorization: Basic x"},
	{"9110 12.5", "Accept-Encoding: gzip\r\nUser-Agent: u\r\nDate: d\r\n", "Accept-Encoding: gzip, User-Agent: u, Date: d"},

	{"9110 7.6.1", "Connection: close-not, X-A\r\nX-A: 1\r\nX-B: 2\r\n", "X-B: 2"},
	{"9110 7.6.1 case", "Connection: x-a\r\nX-A: 1\r\nx-a: 2\r\n", ""},
	{"9110 7.6.1 several", "Connection: a, b\r\nConnection: c\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n", "D: 4"},
	{"9110 7.6.1 after", "A: 1\r\nConnection: a\r\n", ""},
	{"9110 7.6.1 empty elements", "Connection: , ,a,,\r\nA: 1\r\nB: 2\r\n", "B: 2"},
	{"9110 7.6.1 no prefix", "Connection: x-a\r\nX-AB: 1\r\nX: 2\r\n", "X-AB: 1, X: 2"},
	{"9110 7.6.1 no list", "Connection: a b\r\nA: 1\r\nB: 2\r\n", "A: 1, B: 2"},
	{"9110 7.6.1 ours stay", "Connection: host, x-real-ip, x-forwarded-for, x-forwarded-proto, x-forwarded-host, content-length\r\n", ""},
	{"9110 7.6.1 what may go", "Connection: cookie\r\nCookie: a\r\n", ""},
	{"9112 9.6", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", ""},
	{"9112 C.2.2", "Proxy-Connection: keep-alive\r\nKeep-Alive: 300\r\n", ""},
	{"9110 11.7", "Proxy-Authorization: Basic x\r\nProxy-Authenticate: x\r\n", ""},
	{"9110 10.1.4", "TE: trailers\r\n", "Connection: TE, TE: trailers"},
	{"9110 10.1.4", "TE: trailers, deflate;q=0.5\r\n", "Connection: TE, TE: trailers"},
	{"9110 10.1.4", "TE: gzip\r\nTE: Trailers\r\nConnection: TE\r\n", "Connection: TE, TE: trailers"},
	{"9110 10.1.4 and an upgrade", "TE: trailers\r\nConnection: TE, Upgrade\r\nUpgrade: x\r\n", "Connection: Upgrade, TE, TE: trailers, Upgrade: x"},
	{"9110 10.1.4", "TE: gzip;q=1, deflate\r\n", ""},
	{"9110 10.1.4", "TE:\r\n", ""},
	{"9110 6.6.2 no trailers", "Trailer: X-Sum\r\n", ""},
	{"9110 10.1.1", "Expect: 100-continue\r\n", ""},
	{"9110 7.8", "Upgrade: websocket\r\n", ""},
	{"9110 7.8", "Connection: Upgrade\r\n", ""},
	{"9110 7.8 empty", "Connection: Upgrade\r\nUpgrade:\r\n", ""},
	{"9110 7.8", "Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade, Upgrade: websocket"},
	{"9113 3.2 h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n", ""},
	{"9113 3.2 h2c", "Connection: Upgrade\r\nUpgrade: H2C\r\n", ""},
	{"9113 3.2 h2c", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", ""},
	{"9113 3.2 h2c", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n", ""},
	{"9113 3.2 h2c", "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n", "Connection: Upgrade, Upgrade: websocket"},
	{"7540 3.2.1", "HTTP2-Settings: x\r\nHTTP2_Settings: x\r\nHTTP2-SETTINGS: x\r\n", ""},

	{"7239 whom we believe", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n", ""},
	{"3875 4.1.18 twins", "X_Forwarded_For: 6.6.6.6\r\nX-Forwarded_Host: evil\r\nx_forwarded-proto: https\r\nX_REAL_IP: 6.6.6.6\r\n", ""},
	{"3875 4.1.18 twins", "Content_Length: 5\r\nTransfer_Encoding: chunked\r\nProxy_Connection: x\r\nMax_Forwards: 1\r\n", ""},
	{"3875 4.1.18 nobody's twin", "X_Custom: 1\r\nX-Real-IP-Not: 2\r\nXRealIP: 3\r\n", "X_Custom: 1, X-Real-IP-Not: 2, XRealIP: 3"},
	{"9110 7.6.2 on GET", "Max-Forwards: 0\r\n", "Max-Forwards: 0"},
	{"9110 7.6.2 on GET", "Max-Forwards: 7\r\n", "Max-Forwards: 7"},
}

// A field reaches the backend as it came and where it came, unless it concerns the
// client's connection only or claims what the proxy vouches for.
func TestRawFields(t *testing.T) {
	p := startRaw(t, "")
	const vouched = "X-Real-IP: 127.0.0.1, X-Forwarded-For: 127.0.0.1, X-Forwarded-Proto: http, X-Forwarded-Host: h"
	for _, c := range rewrites {
		t.Run(c.rfc, func(t *testing.T) {
			m := p.passes(t, "GET /x HTTP/1.1\r\nHost: h\r\n"+c.sent+"\r\n", `GET /x h ""`)[0]
			require.Equal(t, "Host: h", lines(m.fields[:1]), "Host comes first")
			i := slices.IndexFunc(m.fields, func(f [2]string) bool { return f[0] == "X-Real-IP" })
			require.Equal(t, vouched, lines(m.fields[i:i+4]))
			require.Equal(t, c.arrives, lines(slices.Concat(m.fields[1:i], m.fields[i+4:])), "%q", c.sent)
		})
	}
	t.Run("9110 10.1.4 HTTP/1.0 has no trailers", func(t *testing.T) {
		m := p.passes(t, "GET /x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive, TE\r\nTE: trailers\r\n\r\n", `GET /x h ""`)[0]
		require.Empty(t, append(m.values("te"), m.values("connection")...))
	})
}

// maxForwards are requests with a Max-Forwards field, and what arrives of it.
var maxForwards = []struct{ rfc, method, value, arrives string }{
	{"9110 7.6.2", "OPTIONS", "1", "0"},
	{"9110 7.6.2", "TRACE", "1", "0"},
	{"9110 7.6.2", "OPTIONS", "10", "9"},
	{"9110 7.6.2 zeros", "TRACE", "0010", "9"},
	{"9110 7.6.2 malformed", "OPTIONS", "x", "x"},
	{"9110 7.6.2 malformed", "OPTIONS", "-1", "-1"},
	{"9110 7.6.2 malformed", "OPTIONS", "+1", "+1"},
	{"9110 7.6.2 malformed", "TRACE", "", ""},
	{"9110 7.6.2 malformed", "TRACE", "1, 1", "1, 1"},
	{"9110 7.6.2 other methods", "GET", "0", "0"},
	{"9110 7.6.2 other methods", "POST", "1", "1"},
	{"9110 7.6.2 other methods", "OPTION", "1", "1"},
	{"9110 7.6.2 other methods", "options", "1", "1"},
}

// Max-Forwards counts down on OPTIONS and TRACE, and at 0 the proxy is as far as
// they go.
func TestRawMaxForwards(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range maxForwards {
		t.Run(c.rfc, func(t *testing.T) {
			m := p.passes(t, c.method+" /x HTTP/1.1\r\nHost: h\r\nMax-Forwards: "+c.value+"\r\n\r\n", c.method+` /x h ""`)[0]
			require.Equal(t, []string{c.arrives}, m.values("max-forwards"), "%s %q", c.method, c.value)
		})
	}
	c := p.connect()
	marker, seen := p.marker()
	const trace = "TRACE /x HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\nA: b\r\n"
	c.send("OPTIONS * HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\nContent-Length: 5\r\n\r\nhello" +
		trace + "Cookie: secret\r\nAuthorization: secret\r\n\r\n" + marker)
	r := c.want(200, "")
	require.Contains(t, r.Header.Get("Allow"), "GET, ", "9110 9.3.7")
	require.NotEmpty(t, r.Header.Get("Date"), "9110 6.6.1")
	require.Equal(t, "message/http", c.want(200, trace+"\r\n").Header.Get("Content-Type"))
	c.want(200, seen)
	require.Equal(t, []string{seen}, texts(p.take()), "the backend sees neither")
}
