package engine

import "testing"

// badHeads are whole heads, or what looks like one, and the status they get.
var badHeads = []struct {
	rfc, head string
	status    int
}{
	{"9112 3 nothing but a method", "GET\r\n\r\n", 400},
	{"9112 3 no version, as HTTP/0.9", "GET /x\r\n\r\n", 400},
	{"9112 3 no method", "/x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 3 a response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 400},
	{"9112 3 two blanks", "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 3 two blanks", "GET /x  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 3 tab", "GET\t/x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 3 tab", "GET /x\tHTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 3 leading blank", " GET /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 3 trailing blank", "GET /x HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
	{"9112 3 two requests in a line", "GET /x HTTP/1.1 GET /y HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 method", "G(T /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 method", "GET: /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 method", "G/T /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 method", "\"GET\" /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 method", "G\x80T /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 method", "GET\x00 /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9110 9.1 byte order mark", "\xef\xbb\xbfGET /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},

	{"9112 2.3 version", "GET /x HTTP/2.0\r\nHost: h\r\n\r\n", 505},
	{"9112 2.3 version", "GET /x HTTP/0.9\r\nHost: h\r\n\r\n", 505},
	{"9112 2.3 version", "GET /x HTTP/3.0\r\nHost: h\r\n\r\n", 505},
	{"9112 2.3 version", "GET /x HTTP/9.9\r\nHost: h\r\n\r\n", 505},
	{"9113 3.4 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 505},
	{"9112 2.3 version", "GET /x HTTP/1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/2\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/1.10\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/01.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/+1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/1,1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/1.x\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP/1.1x\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTP 1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x HTTPS/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 version", "GET /x ICY/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.3 case", "GET /x http/1.1\r\nHost: h\r\n\r\n", 400},
	{"8446 4.1.2 ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},

	{"9112 2.2 bare LF", "GET /x HTTP/1.1\nHost: h\n\n", 400},
	{"9112 2.2 bare LF", "GET /x HTTP/1.1\nHost: h\r\n\r\n", 400},
	{"9112 2.2 bare LF", "GET /x HTTP/1.1\r\nHost: h\n\r\n", 400},
	{"9112 2.2 bare LF", "GET /x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
	{"9112 2.2 bare LF", "GET /x HTTP/1.1\r\nHost: h\r\n\n", 400},
	{"9112 2.2 bare LF", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\n\nGET /no HTTP/1.1\r\n\r\n", 400},
	{"9112 2.2 bare LF before", "\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.2 bare CR before", "\rGET /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x HTTP/1.1\rHost: h\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x\rHTTP/1.1\r\nHost: h\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x HTTP/1.1\r\nHost: h\r\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x HTTP/1.1\r\nHost: h\r\nX\r: y\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\rZ: y\r\n\r\n", 400},
	{"9112 2.2 bare CR", "GET /x HTTP/1.1\r\nHost: h\r\n\rX: y\r\n\r\n", 400},
	{"9112 2.2 blanks before the fields", "GET /x HTTP/1.1\r\n Host: h\r\n\r\n", 400},
	{"9112 2.2 blanks before the fields", "GET /x HTTP/1.1\r\n \r\nHost: h\r\n\r\n", 400},
	{"9112 5.2 folded", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n z\r\n\r\n", 400},
	{"9112 5.2 folded", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n\tz\r\n\r\n", 400},
	{"9112 5.2 folded", "GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n \r\n\r\n", 400},
	{"9112 5.2 folded", "GET /x HTTP/1.1\r\nHost: h\r\n Z: y\r\n\r\n", 400},

	{"9112 5.1 blank before colon", "GET /x HTTP/1.1\r\nHost : h\r\n\r\n", 400},
	{"9112 5.1 blank before colon", "GET /x HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", 400},
	{"9112 5.1 tab before colon", "GET /x HTTP/1.1\r\nHost: h\r\nX\t: y\r\n\r\n", 400},
	{"9112 5 no colon", "GET /x HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400},
	{"9112 5 no colon", "GET /x HTTP/1.1\r\nHost\r\n\r\n", 400},
	{"9112 5 no name", "GET /x HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", 400},
	{"9112 5 nothing but a colon", "GET /x HTTP/1.1\r\nHost: h\r\n:\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX Y: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX(Y): z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX@Y: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX/Y: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\n\"X\": z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX[]: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\n{X}: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX;: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX\x80: z\r\n\r\n", 400},
	{"9110 5.1 name", "GET /x HTTP/1.1\r\nHost: h\r\nX\x7f: z\r\n\r\n", 400},
	{"9110 5.1 NUL", "GET /x HTTP/1.1\r\nHost: h\r\nX\x00: z\r\n\r\n", 400},
	{"9110 5.5 NUL", "GET /x HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n", 400},
	{"9110 5.5 control", "GET /x HTTP/1.1\r\nHost: h\r\nX: a\x01b\r\n\r\n", 400},
	{"9110 5.5 control", "GET /x HTTP/1.1\r\nHost: h\r\nX: a\x08\r\n\r\n", 400},
	{"9110 5.5 control", "GET /x HTTP/1.1\r\nHost: h\r\nX: a\x0bb\r\n\r\n", 400},
	{"9110 5.5 control", "GET /x HTTP/1.1\r\nHost: h\r\nX: \x0c\r\n\r\n", 400},
	{"9110 5.5 control", "GET /x HTTP/1.1\r\nHost: h\r\nX: \x1b[0m\r\n\r\n", 400},
	{"9110 5.5 control", "GET /x HTTP/1.1\r\nHost: h\r\nX: \x7f\r\n\r\n", 400},

	{"9110 10.1.1", "POST /x HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\nContent-Length: 5\r\n\r\nhello", 417},
	{"9110 10.1.1", "GET /x HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", 417},
	{"9110 10.1.1", "GET /x HTTP/1.1\r\nHost: h\r\nExpect:\r\n\r\n", 417},
	{"9110 10.1.1", "GET /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue, wonders\r\n\r\n", 417},
	{"9110 10.1.1", "GET /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nExpect: wonders\r\n\r\n", 417},
}

// goodHeads are requests that are unusual and right, and what the backend sees.
var goodHeads = []struct{ rfc, head, seen string }{
	{"9112 2.2 empty line before", "\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", `GET /x h ""`},
	{"9112 2.2 empty lines before", "\r\n\r\n\r\n\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", `GET /x h ""`},
	{"9110 2.5 a later minor version", "GET /x HTTP/1.2\r\nHost: h\r\n\r\n", `GET /x h ""`},
	{"9110 2.5 a later minor version", "GET /x HTTP/1.9\r\nHost: h\r\n\r\n", `GET /x h ""`},
	{"9112 C.2.1 HTTP/1.0", "GET /x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", `GET /x h ""`},
	{"9112 C.2.1 HTTP/1.0 without Host", "GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", `GET /x  ""`},
	{"9112 C.2.1 HTTP/1.0 with a body", "POST /x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", `POST /x h "hello"`},
	{"9110 10.1.1 ignored in HTTP/1.0", "POST /x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nExpect: wonders\r\nContent-Length: 5\r\n\r\nhello", `POST /x h "hello"`},
	{"9110 9.1 method", "get /x HTTP/1.1\r\nHost: h\r\n\r\n", `get /x h ""`},
	{"9110 9.1 method", "GETT /x HTTP/1.1\r\nHost: h\r\n\r\n", `GETT /x h ""`},
	{"9110 9.1 method", "M-SEARCH /x HTTP/1.1\r\nHost: h\r\n\r\n", `M-SEARCH /x h ""`},
	{"9110 9.1 method", "!#$%&'*+-.^_`|~09azAZ /x HTTP/1.1\r\nHost: h\r\n\r\n", "!#$%&'*+-.^_`|~09azAZ /x h \"\""},
	{"9110 9.1 method", "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n", `HEAD /x h ""`},
	{"9110 9.1 method", "TRACE /x HTTP/1.1\r\nHost: h\r\n\r\n", `TRACE /x h ""`},
	{"5789 PATCH", "PATCH /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1", `PATCH /x h "1"`},
	{"4918 PROPFIND", "PROPFIND /x HTTP/1.1\r\nHost: h\r\nDepth: 0\r\n\r\n", `PROPFIND /x h ""`},
	{"9110 9.3.1 GET with a body", "GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", `GET /x h "hello"`},
	{"9110 9.3.2 HEAD with a body", "HEAD /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", `HEAD /x h "hello"`},
	{"9110 9.3.5 DELETE with a body", "DELETE /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", `DELETE /x h "hello"`},
	{"9112 9.3 keep-alive said in HTTP/1.1", "GET /x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", `GET /x h ""`},
	{"9110 7.8 an upgrade the backend ignores", "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", `GET /x h ""`},
	{"7540 3.2 h2c", "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", `GET /x h ""`},
}

// A head that is not what RFC 9112 allows is refused, with all that follows it.
func TestRawBadHead(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range badHeads {
		t.Run(c.rfc, func(t *testing.T) { p.refuses(t, c.head, c.status) })
	}
}

// A head that is unusual but right is forwarded.
func TestRawGoodHead(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range goodHeads {
		t.Run(c.rfc, func(t *testing.T) { p.passes(t, c.head, c.seen) })
	}
	t.Run("9110 10.1.1 nobody waits for what is here", func(t *testing.T) {
		p.pass(t, post+"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", 1, seenPost("hello"))
	})
}
