package engine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// badTargets are methods with targets that are none.
var badTargets = []struct{ rfc, target string }{
	{"9112 3.2 form", "GET x"},
	{"9112 3.2 form", "GET ?x"},
	{"9112 3.2 form", "GET ./x"},
	{"9112 3.2 form", "GET \\x"},
	{"9112 3.2 blank", "GET /a b"},
	{"9112 3.2 blank", "GET /a\tb"},
	{"9112 3.2 control", "GET /\x01"},
	{"9112 3.2 control", "GET /\x7f"},
	{"9112 3.2 control", "GET /\x00"},
	{"9112 3.2 control", "GET /\x0b"},
	{"9112 3.2.1 fragment", "GET /a#b"},
	{"9112 3.2.1 fragment", "GET /#"},
	{"9112 3.2.1 fragment", "GET http://h/#b"},
	{"9112 3.2.2 fragment", "GET http://h#b"},
	{"9112 3.2.2 scheme", "GET ftp://h/x"},
	{"9112 3.2.2 scheme", "GET ws://h/x"},
	{"9112 3.2.2 scheme", "GET file:///x"},
	{"9112 3.2.2 scheme", "GET httpx://h/x"},
	{"9112 3.2.2 scheme", "GET ://h/x"},
	{"9112 3.2.2 slashes", "GET http:/h/x"},
	{"9112 3.2.2 slashes", "GET http:h/x"},
	{"9110 4.2.1 no host", "GET http://"},
	{"9110 4.2.1 no host", "GET http:///x"},
	{"9110 4.2.1 no host", "GET http://:80/x"},
	{"9110 4.2.1 no host", "GET http://?x"},
	{"9110 4.2.4 user information", "GET http://u@h/x"},
	{"9110 4.2.4 user information", "GET http://u:p@h/x"},
	{"9110 4.2.4 user information", "GET http://@h/x"},
	{"3986 3.2.3 port", "GET http://h:x/"},
	{"3986 3.2.3 port", "GET http://h:80:80/"},
	{"3986 3.2.3 port", "GET http://h:123456/"},
	{"3986 3.2.2 host", "GET http://[::1/"},
	{"3986 3.2.2 host", "GET http://[]/"},
	{"3986 3.2.2 host", "GET http://[::1]x/"},
	{"3986 3.2.2 host", "GET http://[fe80::1%25eth0]/"},
	{"3986 3.2.2 host", "GET http://h\\x/"},
	{"3986 3.2.2 host", "GET http://h\xc3\xbc/"},
	{"3986 3.2.2 host", "GET http://a,b@c/"},
	{"9112 3.2.3 authority", "GET h:80"},
	{"9112 3.2.3 authority", "POST h:80"},
	{"9112 3.2.3 authority", "OPTIONS h:80"},
	{"9112 3.2.3 authority", "GET [::1]:80"},
	{"9112 3.2.3 no port", "CONNECT h"},
	{"9112 3.2.3 no port", "CONNECT 80"},
	{"9112 3.2.3 no port", "CONNECT h:"},
	{"9112 3.2.3 no port", "CONNECT [::1]"},
	{"9112 3.2.3 no host", "CONNECT :80"},
	{"9112 3.2.3 user information", "CONNECT u@h:80"},
	{"9112 3.2.3 form", "CONNECT /x"},
	{"9112 3.2.3 form", "CONNECT http://h:80/"},
	{"9112 3.2.3 form", "CONNECT *"},
	{"9112 3.2.3 form", "CONNECT h:80/x"},
	{"9112 3.2.4 asterisk", "GET *"},
	{"9112 3.2.4 asterisk", "POST *"},
	{"9112 3.2.4 asterisk", "options *"},
	{"9112 3.2.4 asterisk", "OPTIONS **"},
	{"9112 3.2.4 asterisk", "OPTIONS *?x"},
}

// badHosts are the Host fields of a GET of /x.
var badHosts = []struct{ rfc, fields string }{
	{"9110 7.2, 3986 6.2.2.2", "Host: x%41\r\n"},
	{"9112 3.2 none", ""},
	{"9112 3.2 none", "X-Host: h\r\n"},
	{"9112 3.2 two", "Host: h\r\nHost: i\r\n"},
	{"9112 3.2 two", "Host: h\r\nHost: h\r\n"},
	{"9112 3.2 two", "Host: h\r\nhost:\r\n"},
	{"9110 7.2 list", "Host: h, i\r\n"},
	{"9110 7.2 blank", "Host: h i\r\n"},
	{"9110 7.2 blank", "Host: h\ti\r\n"},
	{"9110 7.2 user information", "Host: u@h\r\n"},
	{"9110 7.2 path", "Host: h/x\r\n"},
	{"9110 7.2 query", "Host: h?x\r\n"},
	{"9110 7.2 fragment", "Host: h#x\r\n"},
	{"9110 7.2 URL", "Host: http://h\r\n"},
	{"9110 7.2 backslash", "Host: h\\i\r\n"},
	{"9110 7.2 port", "Host: h:x\r\n"},
	{"9110 7.2 port", "Host: h:-1\r\n"},
	{"9110 7.2 port", "Host: h:80:80\r\n"},
	{"9110 7.2 port", "Host: h:123456\r\n"},
	{"9110 7.2 port alone", "Host: :80\r\n"},
	{"9110 7.2 address", "Host: [::1\r\n"},
	{"9110 7.2 address", "Host: ::1\r\n"},
	{"9110 7.2 address", "Host: []\r\n"},
	{"9110 7.2 address", "Host: [::1]x\r\n"},
	{"9110 7.2 address", "Host: [::g]\r\n"},
	{"9110 7.2 not ASCII", "Host: h\xc3\xbc\r\n"},
	{"9110 7.2 control", "Host: h\x00\r\n"},
	{"9110 7.2 quoted", "Host: \"h\"\r\n"},
	{"9110 7.2 markup", "Host: <h>\r\n"},
}

// goodTargets are methods with targets, and what the backend sees of them when
// the Host field is "h".
var goodTargets = []struct{ rfc, target, seen string }{
	{"9112 3.2.1", "GET /", "GET / h"},
	{"9112 3.2.1 slashes", "GET //", "GET // h"},
	{"9112 3.2.1 slashes", "GET //evil/x", "GET //evil/x h"},
	{"9112 3.2.1 slashes", "GET /a///b/", "GET /a///b/ h"},
	{"3986 6.2.2.3 dots stay", "GET /../a/./b/..", "GET /../a/./b/.. h"},
	{"3986 6.2.2.2 encoded stays", "GET /%2F%2f%2e%2E/%41%7e", "GET /%2F%2f%2e%2E/%41%7e h"},
	{"3986 6.2.2.2 encoded stays", "GET /%00%0d%0a%20%23%3F", "GET /%00%0d%0a%20%23%3F h"},
	{"3986 2.1 not quite encoded", "GET /%zz%", "GET /%zz% h"},
	{"3986 3.4", "GET /?", "GET /? h"},
	{"3986 3.4", "GET /??", "GET /?? h"},
	{"3986 3.4", "GET /x?a=b&c=%20+d;e", "GET /x?a=b&c=%20+d;e h"},
	{"3986 3.4 a URL inside", "GET /x?http://i/?y", "GET /x?http://i/?y h"},
	{"3986 3.3", "GET /a;b=c/d,e:f@g!$&'()*+=~", "GET /a;b=c/d,e:f@g!$&'()*+=~ h"},
	{"3986 3.3 not quite allowed", "GET /a|b\"c<d>e\\f^g`h{i}[j]", "GET /a|b\"c<d>e\\f^g`h{i}[j] h"},
	{"3987 UTF-8", "GET /caf\xc3\xa9?\xe2\x82\xac", "GET /caf\xc3\xa9?\xe2\x82\xac h"},
	{"3986 any octet", "GET /\x80\xff", "GET /\x80\xff h"},
	{"9112 3.2.2 the authority wins", "GET http://i/x", "GET /x i"},
	{"9112 3.2.2 the authority wins", "GET http://i:8080/x?y", "GET /x?y i:8080"},
	{"9112 3.2.2 the authority wins", "GET http://[::1]:80/x", "GET /x [::1]:80"},
	{"9112 3.2.2 the authority wins", "POST https://i//x", "POST //x i"},
	{"9112 3.2.2 case", "GET HTTP://I/X", "GET /X I"},
	{"9112 3.2.1 no path", "GET http://i", "GET / i"},
	{"9112 3.2.1 no path", "GET http://i?x", "GET /?x i"},
	{"9112 3.2.1 no path", "GET http://i?/x", "GET /?/x i"},
	{"3986 3.2.3 no port", "GET http://i:/x", "GET /x i:"},
	{"9112 3.2.4", "OPTIONS *", "OPTIONS * h"},
	{"9112 3.2.4 of a path", "OPTIONS /", "OPTIONS / h"},
	{"9112 3.2.4 absolute", "OPTIONS http://i", "OPTIONS * i"},
	{"9112 3.2.4 absolute", "OPTIONS http://i:8001", "OPTIONS * i:8001"},
	{"9112 3.2.4 absolute with a path", "OPTIONS http://i/", "OPTIONS / i"},
	{"9112 3.2.4 absolute with a query", "OPTIONS http://i?x", "OPTIONS /?x i"},
}

// goodHosts are values of Host that pass as they are.
var goodHosts = []string{"h", "H.Example", "h.", "h:80", "h:", "127.0.0.1:1", "[::1]", "[2001:DB8::1]:65535", "a_b.c", ""}

// A target that is none, or a Host that is none, is refused.
func TestRawBadTarget(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range badTargets {
		t.Run(c.rfc, func(t *testing.T) { p.refuses(t, c.target+" HTTP/1.1\r\nHost: h\r\n\r\n", 400) })
	}
	for _, c := range badHosts {
		t.Run(c.rfc, func(t *testing.T) { p.refuses(t, "GET /x HTTP/1.1\r\n"+c.fields+"\r\n", 400) })
	}
	t.Run("9112 3.2 absolute without Host", func(t *testing.T) { p.refuses(t, "GET http://h/x HTTP/1.1\r\n\r\n", 400) })
	t.Run("9112 3.2 absolute with a bad Host", func(t *testing.T) { p.refuses(t, "GET http://h/x HTTP/1.1\r\nHost: u@h\r\n\r\n", 400) })
	t.Run("9112 3.2 two in HTTP/1.0", func(t *testing.T) { p.refuses(t, "GET /x HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400) })
	t.Run("9110 9.3.6 CONNECT with a body", func(t *testing.T) {
		p.refuses(t, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 400)
	})
}

// A target reaches the backend byte by byte as it came, and Host as the target or
// the field says.
func TestRawGoodTarget(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range goodTargets {
		t.Run(c.rfc, func(t *testing.T) { p.passes(t, c.target+" HTTP/1.1\r\nHost: h\r\n\r\n", c.seen+` ""`) })
	}
	for _, host := range goodHosts {
		t.Run("9110 7.2", func(t *testing.T) {
			p.passes(t, "GET /x HTTP/1.1\r\nHost: "+host+"\r\n\r\n", fmt.Sprintf(`GET /x %s ""`, host))
		})
	}
}

// Where no route allows it, CONNECT is refused and opens nothing: what follows it
// is the next request.
func TestRawConnect(t *testing.T) {
	p := startRaw(t, "")
	c := p.connect()
	marker, seen := p.marker()
	c.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n" + marker)
	r := c.wantReject(405, "http_request_denied")
	require.Equal(t, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE", r.Header.Get("Allow"), "RFC 9110 15.5.6")
	c.want(200, seen)
	require.Equal(t, []string{seen}, texts(p.take()))
}
