package engine

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// badFramings are the fields and the body of a POST whose end is unclear.
var badFramings = []struct{ rfc, fields, body string }{
	{"9112 6.3 both", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9112 6.3 both", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"},
	{"9112 6.3 both", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9112 6.3 both", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello"},
	{"9112 6.3 both", "Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello"},
	{"9112 6.3 both", "Content-Length: 5\r\nConnection: content-length\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9112 6.3 both", "Content-Length: 5\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},

	{"9112 6.3 repeated", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello"},
	{"9112 6.3 repeated", "Content-Length: 5\r\ncontent-length: 6\r\n", "hello"},
	{"9112 6.3 repeated", "Content-Length: 0\r\nContent-Length: 5\r\n", "hello"},
	{"9112 6.3 repeated", "Content-Length: 5\r\nContent-Length:\r\n", "hello"},
	{"9110 8.6 list", "Content-Length: 5, 5\r\n", "hello"},
	{"9110 8.6 list", "Content-Length: 5,6\r\n", "hello"},
	{"9110 8.6 list", "Content-Length: 5,\r\n", "hello"},
	{"9110 8.6 list", "Content-Length: ,5\r\n", "hello"},
	{"9110 8.6 empty", "Content-Length:\r\n", ""},
	{"9110 8.6 empty", "Content-Length: ,\r\n", ""},
	{"9110 8.6 sign", "Content-Length: +5\r\n", "hello"},
	{"9110 8.6 sign", "Content-Length: -5\r\n", "hello"},
	{"9110 8.6 sign", "Content-Length: -0\r\n", ""},
	{"9110 8.6 blank inside", "Content-Length: 1 1\r\n", "hello world"},
	{"9110 8.6 blank inside", "Content-Length: 1\t1\r\n", "hello world"},
	{"9110 8.6 base", "Content-Length: 0x5\r\n", "hello"},
	{"9110 8.6 base", "Content-Length: 5h\r\n", "hello"},
	{"9110 8.6 base", "Content-Length: a\r\n", "hello world"},
	{"9110 8.6 fraction", "Content-Length: 5.0\r\n", "hello"},
	{"9110 8.6 exponent", "Content-Length: 5e0\r\n", "hello"},
	{"9110 8.6 separator", "Content-Length: 1_1\r\n", "hello world"},
	{"9110 8.6 parameter", "Content-Length: 5;\r\n", "hello"},
	{"9110 8.6 quoted", "Content-Length: \"5\"\r\n", "hello"},
	{"9110 8.6 other digits", "Content-Length: \xd9\xa5\r\n", "hello"},
	{"9110 8.6 2^63", "Content-Length: 9223372036854775808\r\n", "hello"},
	{"9110 8.6 2^64+5", "Content-Length: 18446744073709551621\r\n", "hello"},
	{"9110 8.6 overflow", "Content-Length: 99999999999999999999999999999999\r\n", "hello"},
	{"9110 5.5 control", "Content-Length: 5\x0b\r\n", "hello"},
	{"9110 5.5 control", "Content-Length: \x005\r\n", "hello"},

	{"9112 6.1 coding", "Transfer-Encoding: identity\r\n", ""},
	{"9112 6.1 coding", "Transfer-Encoding: gzip\r\n", ""},
	{"9112 6.1 coding", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"},
	{"9112 6.1 coding", "Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n"},
	{"9112 6.1 coding", "Transfer-Encoding: x-chunked\r\n", "0\r\n\r\n"},
	{"9112 6.1 coding", "Transfer-Encoding: chun ked\r\n", "0\r\n\r\n"},
	{"9112 6.1 several", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"},
	{"9112 6.1 not last", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"},
	{"9112 6.1 not last", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"},
	{"9112 6.1 twice", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"},
	{"9112 6.1 twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9112 6.1 twice", "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n", "0\r\n\r\n"},
	{"9112 6.1 twice", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9112 7 parameter", "Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"},
	{"9112 7 parameter", "Transfer-Encoding: chunked ; a=b\r\n", "0\r\n\r\n"},
	{"9112 7 quoted", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"},
	{"9112 7 quoted", "Transfer-Encoding: 'chunked'\r\n", "0\r\n\r\n"},
	{"9110 5.6.1 empty element", "Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"},
	{"9110 5.6.1 empty element", "Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"},
	{"9110 5.6.1 empty", "Transfer-Encoding:\r\n", "0\r\n\r\n"},
	{"9110 5.5 control", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"},
	{"9110 5.5 control", "Transfer-Encoding: chunked\x0c\r\n", "0\r\n\r\n"},
	{"9110 5.5 control", "Transfer-Encoding: chunked\x00\r\n", "0\r\n\r\n"},
	{"9110 5.5 no-break space", "Transfer-Encoding: \xa0chunked\r\n", "0\r\n\r\n"},
	{"9112 5.1 blank before colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"},
	{"9112 5.1 tab before colon", "Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"},
	{"9112 5.2 folded", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"},
	{"9112 5.2 folded", "X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9112 2.2 bare CR", "Transfer-Encoding: chunked\r\r\n", "0\r\n\r\n"},
	{"9112 2.2 bare LF", "X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
	{"9110 5.1 NUL", "Transfer\x00-Encoding: chunked\r\n", "0\r\n\r\n"},
}

// goodFramings are the fields and the body of a POST, and what the body is.
var goodFramings = []struct{ rfc, fields, body, content string }{
	{"9112 6.3 none", "", "", ""},
	{"9110 8.6", "Content-Length: 5\r\n", "hello", "hello"},
	{"9110 8.6", "Content-Length: 0\r\n", "", ""},
	{"9110 8.6 zeros", "Content-Length: 005\r\n", "hello", "hello"},
	{"9110 5.1 case", "CONTENT-length: 5\r\n", "hello", "hello"},
	{"9112 5.1 no blank", "Content-Length:5\r\n", "hello", "hello"},
	{"9112 5.1 blanks", "Content-Length: \t 5 \t\r\n", "hello", "hello"},
	{"9112 2.1 any octets", "Content-Length: 6\r\n", "\x00\r\n\r\n\xff", "\x00\r\n\r\n\xff"},
	{"9112 9.3.2 a request inside", "Content-Length: 29\r\n", "GET /no HTTP/1.1\r\nHost: h\r\n\r\n", "GET /no HTTP/1.1\r\nHost: h\r\n\r\n"},
	{"9112 7.1", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"},
	{"9112 7 case", "transfer-encoding:ChunKED\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"},
	{"9112 5.1 blanks", "Transfer-Encoding: \tchunked\t \r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"},
	{"9110 7.6.1 nominated", "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"},
	{"9110 7.6.1 nominated", "Connection: content-length\r\nContent-Length: 5\r\n", "hello", "hello"},
	{"9110 10.1.1 expected and here", "Expect: 100-Continue\r\nContent-Length: 0\r\n", "", ""},
	{"3875 4.1.18 an underscore frames nothing", "Content_Length: 999\r\n", "", ""},
	{"3875 4.1.18 an underscore frames nothing", "Content-Length: 5\r\nContent_Length: 1\r\n", "hello", "hello"},
	{"3875 4.1.18 an underscore frames nothing", "Transfer_Encoding: chunked\r\n", "", ""},
	{"3875 4.1.18 an underscore frames nothing", "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n", "0\r\n\r\n"},
	{"9110 5.1 another name", "X-Content-Length: 5\r\nTransfer-Encodin: chunked\r\nTransfer-Encodings: chunked\r\n", "", ""},
}

// badChunks are bodies of a POST that says it is chunked.
var badChunks = []struct{ rfc, body string }{
	{"9112 7.1 sign", "+5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 sign", "-5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 base", "0x5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 base", "5h\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 base", "g\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 blank before", " 5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 blank before", "\t5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 blank inside", "0 5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 garbage behind", "5 x\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 garbage behind", "5,\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 garbage behind", "5\x00\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 no size", "\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 no size", ";a=b\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 2^63", "8000000000000000\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 2^64-1", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 2^64+5", "10000000000000005\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 zeros", "0000000000000005\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 zeros", strings.Repeat("0", 300) + "5\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 bare LF", "5\nhello\r\n0\r\n\r\n"},
	{"9112 7.1 bare LF", "5\r\nhello\n0\r\n\r\n"},
	{"9112 7.1 bare LF", "5\r\nhello\r\n0\n\r\n"},
	{"9112 7.1 bare LF", "5\r\nhello\r\n0\r\n\n"},
	{"9112 7.1 bare CR", "5\rhello\r\n0\r\n\r\n"},
	{"9112 7.1 bare CR", "5\r\nhello\r0\r\n\r\n"},
	{"9112 7.1 no CRLF", "5\r\nhello0\r\n\r\n"},
	{"9112 7.1 too long", "5\r\nhello!\r\n0\r\n\r\n"},
	{"9112 7.1 too short", "5\r\nhell\r\n0\r\n\r\n"},
	{"9112 7.1 blank line between", "5\r\nhello\r\n\r\n0\r\n\r\n"},
	{"9112 7.1.1 long", "5;" + strings.Repeat("x", 300) + "\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1.1 bare LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1.1 bare CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1.1 control", "5;a=\x01\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1.1 quoted CRLF", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"},
	{"9112 7.1.2 no colon", "0\r\nX\r\n\r\n"},
	{"9112 7.1.2 no name", "0\r\n: x\r\n\r\n"},
	{"9112 7.1.2 blank before colon", "0\r\nX : y\r\n\r\n"},
	{"9112 7.1.2 leading blank", "0\r\n X: y\r\n\r\n"},
	{"9112 7.1.2 folded", "0\r\nX: y\r\n z\r\n\r\n"},
	{"9112 7.1.2 bare LF", "0\r\nX: y\n\r\n"},
	{"9112 7.1.2 bare LF", "0\r\nX: y\r\n\n"},
	{"9112 7.1.2 bare CR", "0\r\nX: y\rz\r\n\r\n"},
	{"9112 7.1.2 control", "0\r\nX: \x00\r\n\r\n"},
}

// goodChunks are bodies of a POST that says it is chunked, and what they are.
var goodChunks = []struct{ rfc, body, content, trailers string }{
	{"9112 7.1 empty", "0\r\n\r\n", "", ""},
	{"9112 7.1", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", ""},
	{"9112 7.1 case", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", "01234567890123456789a", ""},
	{"9112 7.1 zeros", "000000000000005\r\nhello\r\n000000000000000\r\n\r\n", "hello", ""},
	{"9112 7.1 any octets", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n", ""},
	{"9112 7.1.1", "5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello", ""},
	{"9112 7.1.1 quoted", "5;a=\"b;\\\"c\"\r\nhello\r\n0\r\n\r\n", "hello", ""},
	{"9112 7.1.1 empty", "5;\r\nhello\r\n0;;\r\n\r\n", "hello", ""},
	{"9112 7.1.1 blanks", "5 \t;\ta = b \r\nhello\r\n0\r\n\r\n", "hello", ""},
	{"9112 7.1.1 length", "5;" + strings.Repeat("x", 254) + "\r\nhello\r\n0\r\n\r\n", "hello", ""},
	{"9112 2.2 blanks behind, as some pad", "5  \r\nhello\r\n0 \r\n\r\n", "hello", ""},
	{"9112 7.1.2", "5\r\nhello\r\n0\r\nX: y\r\nz:\r\n\r\n", "hello", "X: y, z: "},
	{"9110 6.5.1 no trailers", "0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: x\r\nX-Real-IP: x\r\nX_Real_IP: x\r\n" +
		"Connection: x\r\nTE: x\r\nTrailer: x\r\nUpgrade: x\r\nMax-Forwards: 1\r\nExpect: x\r\nForwarded: x\r\nX-Forwarded-For: x\r\n" +
		"Authorization: x\r\nCookie: x\r\nContent-Type: x\r\nContent-Encoding: x\r\nContent-Range: x\r\nCache-Control: x\r\nRange: x\r\nX: y\r\n\r\n", "", "X: y"},
	{"9112 7.1.2 many", "0\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n", "", strings.Repeat("X: y, ", 99) + "X: y"},
	{"9112 7.1.2 long", "0\r\nX: " + strings.Repeat("y", 10000) + "\r\n\r\n", "", "X: " + strings.Repeat("y", 10000)},
}

// A request whose end is unclear goes nowhere: whoever reads it next could find
// another request behind it.
func TestRawBadFraming(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range badFramings {
		t.Run(c.rfc, func(t *testing.T) {
			p.refuses(t, post+c.fields+"\r\n"+c.body, 400)
		})
	}
	for _, c := range badChunks {
		t.Run(c.rfc, func(t *testing.T) {
			p.refuses(t, postChunked+c.body, 400)
		})
	}
	t.Run("9112 6.1 coding in HTTP/1.0", func(t *testing.T) {
		p.refuses(t, "POST /x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)
	})
}

const (
	post        = "POST /x HTTP/1.1\r\nHost: h\r\n"
	postChunked = post + "Transfer-Encoding: chunked\r\n\r\n"
)

// A request reaches the backend with exactly the body it came with, and what
// follows it is the next request.
func TestRawGoodFraming(t *testing.T) {
	p := startRaw(t, "")
	for _, c := range goodFramings {
		t.Run(c.rfc, func(t *testing.T) {
			p.passes(t, post+c.fields+"\r\n"+c.body, seenPost(c.content))
		})
	}
	for _, c := range goodChunks {
		t.Run(c.rfc, func(t *testing.T) {
			seen := p.passes(t, postChunked+c.body, seenPost(c.content))
			require.Equal(t, c.trailers, lines(seen[0].trailers))
		})
	}
}

// A request of which nothing can come any more is refused at once, not when the
// client's time is over.
func TestRawHopeless(t *testing.T) {
	p := startRaw(t, "")
	for _, sent := range []string{
		"\x16", "\n", " ", "GET /x HTTP/1.1\n", "GET /x HTTP/1.1\r\nHost: h\n",
		postChunked + "0\n", postChunked + "0\r\n\n", postChunked + "0\r\n ", postChunked + "0\r\n\rX", "\rG", "\r\n\r\r",
		postChunked + "0\r\nX: y\n",
	} {
		c := p.connect()
		c.send(sent)
		require.True(t, c.wantReject(400, "http_request_error").Close, "%q", sent)
		c.wantEnd()
		_ = c.Close()
	}
	p.pass(t, "", 1)
}
