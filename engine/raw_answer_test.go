package engine

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answerCase is an answer and what the client gets of it.
type answerCase struct {
	rfc, request, answer string
	then                 then
	want                 string // in one line, see receiveAll
	reused, ends         bool   // the backend's connection, the client's connection
}

// goodAnswers pass on.
var goodAnswers = []answerCase{
	{"9112 4", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, true, false},
	{"9112 4 no reason", caseGET, "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", stays, `200 ; Content-Length: 5 / "hello"`, true, false},
	{"9112 4 no reason, no blank", caseGET, "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", stays, `200 ; Content-Length: 5 / "hello"`, true, false},
	{"9112 4 any reason", caseGET, "HTTP/1.1 200 It's \"so\": \xc3\xa9\tx\r\nContent-Length: 0\r\n\r\n", stays, "200 It's \"so\": \xc3\xa9\tx; Content-Length: 0", true, false},
	{"9110 15 any status", caseGET, "HTTP/1.1 299 Fine\r\nContent-Length: 0\r\n\r\n", stays, "299 Fine; Content-Length: 0", true, false},
	{"9110 15 any status", caseGET, "HTTP/1.1 599 X\r\nContent-Length: 0\r\n\r\n", stays, "599 X; Content-Length: 0", true, false},
	{"9110 15 any status", caseGET, "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", stays, "999 X; Content-Length: 0", true, false},
	{"9110 2.5 a later minor version", caseGET, "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; Content-Length: 0", true, false},
	{"9112 C.2.2 HTTP/1.0", caseGET, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, false, false},
	{"9112 C.2.2 HTTP/1.0 kept", caseGET, "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, true, false},
	{"9112 9.6 close", caseGET, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, false, false},
	{"9112 9.6 close", caseGET, "HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, false, false},
	{"9112 9.6 closed unsaid", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", closes, `200 OK; Content-Length: 5 / "hello"`, false, false},

	{"9112 6.3 the same twice", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, true, false},
	{"9112 6.3 the same twice", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\ncontent-length: 05\r\n\r\nhello", stays, `200 OK; Content-Length: 5, X: y / "hello"`, true, false},
	{"3875 4.1.18 an underscore frames nothing", caseGET, "HTTP/1.1 200 OK\r\nContent_Length: 1\r\nTransfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content_Length: 1, Transfer_Encoding: chunked, Content-Length: 5 / "hello"`, true, false},
	{"9112 7.1", caseGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", stays, `200 OK; Transfer-Encoding: chunked / "hello"`, true, false},
	{"9112 7 case and blanks", caseGET, "HTTP/1.1 200 OK\r\ntransfer-encoding:\tChunked \r\n\r\n5\r\nhello\r\n0\r\n\r\n", stays, `200 OK; Transfer-Encoding: chunked / "hello"`, true, false},
	{"9112 7.1 empty", caseGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", stays, "200 OK; Transfer-Encoding: chunked", true, false},
	{"9112 7.1.1 extensions", caseGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n00;c\r\n\r\n", stays, `200 OK; Transfer-Encoding: chunked / "hello"`, true, false},
	{"9112 7.1.2 trailers", caseGET, "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\nSet-Cookie: a\r\nContent-Length: 9\r\n\r\n", stays, `200 OK; Trailer: X, Transfer-Encoding: chunked / "hello" / X: y`, true, false},
	{"9112 6.3 until close", caseGET, "HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello", closes, `200 OK; A: b, Transfer-Encoding: chunked / "hello"`, false, false},
	{"9112 6.3 until close", caseGET, "HTTP/1.0 200 OK\r\nTrailer: x\r\n\r\nhello", closes, `200 OK; Trailer: x, Transfer-Encoding: chunked / "hello"`, false, false},
	{"9112 6.3 until close, empty", caseGET, "HTTP/1.1 200 OK\r\n\r\n", closes, "200 OK; Transfer-Encoding: chunked", false, false},
	{"9112 6.3 a response inside", caseGET, "HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", closes, `200 OK; Transfer-Encoding: chunked / "HTTP/1.1 200 OK\r\n\r\n"`, false, false},

	{"9112 6.3 to HTTP/1.0", caseOld, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5, Connection: close / "hello"`, true, true},
	{"9112 6.3 to HTTP/1.0", caseOldKept, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5, Connection: keep-alive / "hello"`, true, false},
	{"9112 7 chunked to HTTP/1.0", caseOldKept, "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", stays, `200 OK; Connection: close / "hello"`, true, true},
	{"9112 6.3 until close to HTTP/1.0", caseOldKept, "HTTP/1.1 200 OK\r\n\r\nhello", closes, `200 OK; Connection: close / "hello"`, false, true},
	{"9110 15.2 not to HTTP/1.0", caseOldKept, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; Content-Length: 0, Connection: keep-alive", true, false},
	{"9110 9.3.2 HEAD of HTTP/1.0", caseOldHEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", stays, "200 OK; Connection: keep-alive", true, false},
	{"9112 9.6 the client's close", caseClose, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5, Connection: close / "hello"`, true, true},
	{"9112 9.6 the client's close", caseClose, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", stays, `200 OK; Transfer-Encoding: chunked, Connection: close / "hello"`, true, true},

	{"9110 9.3.2 HEAD", caseHEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", stays, "200 OK; Content-Length: 5", true, false},
	{"9110 9.3.2 HEAD", caseHEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n", stays, "200 OK", true, false},
	{"9110 9.3.2 HEAD without length", caseHEAD, "HTTP/1.1 200 OK\r\n\r\n", stays, "200 OK", true, false},
	{"9110 15.3.5 204", caseGET, "HTTP/1.1 204 No Content\r\n\r\n", stays, "204 No Content", true, false},
	{"9110 8.6 length on 204", caseGET, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", stays, "204 No Content", true, false},
	{"9112 6.1 chunked on 204", caseGET, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", stays, "204 No Content", true, false},
	{"9110 8.6 length on 304", caseGET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n", stays, "304 Not Modified; Content-Length: 5, ETag: x", true, false},
	{"9112 6.1 chunked on 304", caseGET, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", stays, "304 Not Modified", true, false},
	{"9110 15.2.1 100 stops here", caseGET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; Content-Length: 0", true, false},
	{"8297 2 103 passes", caseGET, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "103 Early Hints; Link: x / 200 OK; Content-Length: 0", true, false},
	{"9110 15.2 several", caseHEAD, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 199 X\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", stays, "102 Processing / 103 Early Hints / 199 X / 204 No Content", true, false},
	{"9110 15.2 as many as pass", caseGET, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 15) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; Content-Length: 0", true, false},
	{"9110 8.6 length on 1xx", caseGET, "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nConnection: a\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "103 Early Hints / 200 OK; Content-Length: 0", true, false},
	{"9112 6.1 chunked on 1xx", caseGET, "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "103 Early Hints / 200 OK; Content-Length: 0", true, false},
	{"9110 7.8 an upgrade refused", caseUpgrade, "HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\nhello", stays, `426 Upgrade Required; Content-Length: 5, Connection: Upgrade, Upgrade: x / "hello"`, true, false},
	{"9110 15.5.22 an upgrade required", caseClose, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x/1, y\r\nContent-Length: 0\r\n\r\n", stays, "426 Upgrade Required; Content-Length: 0, Connection: Upgrade, Upgrade: x/1, y, Connection: close", true, true},
	{"9113 3.2 h2c", caseGET, "HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n", stays, "426 Upgrade Required; Content-Length: 0", true, false},

	{"9110 6.6.1 the backend's Date", caseGET, "HTTP/1.1 200 OK\r\ndate: a\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; date: a, Content-Length: 0", true, false},
	{"9110 5.3 order and duplicates", caseGET, "HTTP/1.1 200 OK\r\nB: 1\r\nSet-Cookie: a=b\r\nA: 2\r\nset-cookie: c=d\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nB: 3\r\n\r\n", stays, "200 OK; B: 1, Set-Cookie: a=b, A: 2, set-cookie: c=d, Set-Cookie: a=b, Content-Length: 0, B: 3", true, false},
	{"9110 5.5 values", caseGET, "HTTP/1.1 200 OK\r\nA:\r\nB: \t\r\nC:x\r\nD: \x80\xff \t;\"(\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; A: , B: , C: x, D: \x80\xff \t;\"(, Content-Length: 0", true, false},
	{"9110 7.6.1 connection's", caseGET, "HTTP/1.1 200 OK\r\nConnection: x-a, content-length\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nProxy-Authenticate: x\r\nTE: x\r\nTrailer: x\r\nUpgrade: h2c\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; X-B: 2, Content-Length: 0", true, false},
	{"9110 5.1 what we vouch for upstream only", caseGET, "HTTP/1.1 200 OK\r\nX-Forwarded-For: a\r\nX-Real-IP: b\r\nHost: c\r\nMax-Forwards: 0\r\nExpect: x\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; X-Forwarded-For: a, X-Real-IP: b, Host: c, Max-Forwards: 0, Expect: x, Content-Length: 0", true, false},
}

// An answer reaches the client as it came, but for what concerns the backend's
// connection, and both connections are in step behind it.
func TestRawGoodAnswer(t *testing.T) {
	p := startAnswers(t, limitsYAML)
	fields := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: "
	value := strings.Repeat("x", limitHead-len(fields)-len("\r\n\r\n"))
	cases := append(goodAnswers[:len(goodAnswers):len(goodAnswers)],
		answerCase{"9110 5.4 head", caseGET, fields + value + "\r\n\r\n", stays, "200 OK; Content-Length: 0, A: " + value, true, false},
		answerCase{"9110 5.4 fields", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + strings.Repeat("A: b\r\n", limitFields-1) + "\r\n", stays, "200 OK; Content-Length: 0" + strings.Repeat(", A: b", limitFields-1), true, false},
		answerCase{"9112 7.1.2 trailers", caseGET, lastChunk + trailersOf(limitHead), stays, "200 OK; Transfer-Encoding: chunked / " + strings.TrimSpace(trailersOf(limitHead)), true, false},
		answerCase{"9112 7.1.2 trailer fields", caseGET, lastChunk + strings.Repeat("A: b\r\n", limitFields) + "\r\n", stays, "200 OK; Transfer-Encoding: chunked / A: b" + strings.Repeat(", A: b", limitFields-1), true, false})
	for _, c := range cases {
		t.Run(c.rfc, func(t *testing.T) {
			for _, pieces := range deliveries {
				p.passes(t, c, pieces)
			}
		})
	}
}

func (p *answerTester) passes(t *testing.T, c answerCase, pieces int) {
	t.Helper()
	conn := p.ask(c.request, c.answer, pieces, c.then)
	method, _, _ := strings.Cut(c.request, " ")
	got, err := conn.receiveAll(method)
	require.NoError(t, err, "%q", got)
	require.Equal(t, c.want, got)
	if c.ends {
		conn.wantEnd()
		conn = p.connect()
	}
	p.inStep(t, conn, c.reused)
}

// brokenAnswers break off behind their head. The last byte that counts is the last
// one the client gets.
var brokenAnswers = []struct{ rfc, answer, want string }{
	{"9112 8 length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", `200 OK; Content-Length: 10 / "hello"`},
	{"9112 8 length, no byte", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "200 OK; Content-Length: 10"},
	{"9112 8 length beyond all", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nhello", `200 OK; Content-Length: 9223372036854775807 / "hello"`},
	{"9112 8 no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 OK; Transfer-Encoding: chunked"},
	{"9112 8 no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 8 no end of the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 8 in the trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1 size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1 size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n-1\r\n\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1 size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10000000000000000\r\n\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1 no CRLF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1 bare LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\n\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1.2 trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX : y\r\n\r\n", `200 OK; Transfer-Encoding: chunked / "hello"`},
	{"9112 7.1.2 trailers over the limit", lastChunk + trailersOf(limitHead+1), "200 OK; Transfer-Encoding: chunked"},
	{"9112 7.1.2 trailers without end", lastChunk + strings.TrimSpace(trailersOf(2*limitHead)), "200 OK; Transfer-Encoding: chunked"},
	{"9112 7.1.2 trailer fields over the limit", lastChunk + strings.Repeat("A: b\r\n", limitFields+1) + "\r\n", "200 OK; Transfer-Encoding: chunked"},
	{"9112 8 behind 103", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", `103 Early Hints / 200 OK; Content-Length: 10 / "hello"`},
}

// lastChunk is an answer up to its trailers.
const lastChunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"

// trailersOf returns a trailer section of n bytes.
func trailersOf(n int) string { return "A: " + strings.Repeat("x", n-len("A: \r\n\r\n")) + "\r\n\r\n" }

// A response without a Date gets one, an interim one excepted.
func TestRawDate(t *testing.T) {
	p := startAnswers(t, "")
	c := p.ask(caseGET, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nConnection: date\r\nDate: a\r\nContent-Length: 0\r\n\r\n", 1, stays)
	interim, err := readStrictResponse(c.r, "GET")
	require.NoError(t, err)
	require.Empty(t, interim.fields)
	final, err := readStrictResponse(c.r, "GET")
	require.NoError(t, err)
	require.Len(t, final.values("date"), 1)
	_, err = time.Parse(http.TimeFormat, final.values("date")[0])
	require.NoError(t, err)
}

// A response that breaks off is seen to break off, and nothing is added to it.
func TestRawBrokenAnswer(t *testing.T) {
	p := startAnswers(t, limitsYAML)
	for _, c := range brokenAnswers {
		t.Run(c.rfc, func(t *testing.T) { p.truncates(t, caseGET, c.answer, closes, c.want) })
	}
	// The backend's connection may break off at the end of what lasts until its
	// end: only a reset tells the one from the other.
	t.Run("9112 8 reset", func(t *testing.T) {
		c := p.ask(caseGET, "HTTP/1.1 200 OK\r\n\r\n", 1, resets)
		_, err := c.receiveAll("GET")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

// brokenUntilClose break off behind their head, on the way to a client of HTTP/1.0,
// whose body lasts until the connection ends.
var brokenUntilClose = []struct {
	rfc, answer string
	then        then
	want        string
}{
	{"9112 8 reset", "HTTP/1.1 200 OK\r\n\r\nhello", resets, `200 OK; Connection: close / "hello"`},
	{"9112 8 reset, no byte", "HTTP/1.0 200 OK\r\n\r\n", resets, "200 OK; Connection: close"},
	{"9112 8 silence", "HTTP/1.1 200 OK\r\n\r\nhello", hangs, `200 OK; Connection: close / "hello"`},
	{"9112 8 no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", closes, "200 OK; Connection: close"},
	{"9112 8 no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", closes, `200 OK; Connection: close / "hello"`},
	{"9112 8 in the trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n", closes, `200 OK; Connection: close / "hello"`},
	{"9112 8 silent chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", hangs, `200 OK; Connection: close / "hello"`},
	{"9112 7.1 size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n\r\n", stays, `200 OK; Connection: close / "hello"`},
}

// Where an orderly end of the connection would make a part look whole, the client
// gets what came, and then a reset.
func TestRawBrokenUntilClose(t *testing.T) {
	p := startAnswers(t, "timeouts: {response_body: 100ms}")
	for _, c := range brokenUntilClose {
		t.Run(c.rfc, func(t *testing.T) {
			for _, request := range []string{caseOld, caseOldKept} {
				conn := p.ask(request, c.answer, 1, c.then)
				got, err := conn.receiveAll("GET")
				require.ErrorIs(t, err, syscall.ECONNRESET, "%q", got)
				require.Equal(t, c.want, got)
				p.inStep(t, p.connect(), false)
			}
		})
	}
}

// talkativeAnswers have something behind their end.
var talkativeAnswers = []answerCase{
	{"9112 9.2 length", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5 / "hello"`, false, false},
	{"9112 9.2 length 0", caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stays, "200 OK; Content-Length: 0", false, false},
	{"9112 9.2 chunked", caseGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", stays, `200 OK; Transfer-Encoding: chunked / "hello"`, false, false},
	{"9112 9.2 HEAD", caseHEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", stays, "200 OK; Content-Length: 5", false, false},
	{"9112 9.2 HEAD chunked", caseHEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", stays, "200 OK", false, false},
	{"9112 9.2 204", caseGET, "HTTP/1.1 204 No Content\r\n\r\n", stays, "204 No Content", false, false},
	{"9112 9.2 204 with a length", caseGET, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", stays, "204 No Content", false, false},
	{"9112 9.2 304", caseGET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", stays, "304 Not Modified; Content-Length: 5", false, false},
	{"9112 9.2 to HTTP/1.0", caseOldKept, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", stays, `200 OK; Content-Length: 5, Connection: keep-alive / "hello"`, false, false},
}

// What a backend sends behind an answer makes its connection useless, and is never
// taken for the answer to somebody else.
func TestRawTalkativeAnswer(t *testing.T) {
	p := startAnswers(t, "")
	for _, c := range talkativeAnswers {
		for _, more := range []string{"\r\n", "x", "hello", "0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"} {
			t.Run(c.rfc, func(t *testing.T) {
				c.answer += more
				p.passes(t, c, 1)
			})
		}
	}
}

// What a backend sends on an idle connection is not the answer to whoever uses it
// next.
func TestRawTalkativeIdle(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	c := p.connect()
	for _, more := range []string{"x", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"} {
		c.get("/a")
		b := p.backend("a").Accept()
		b.Receive()
		b.Reply(200, "a")
		c.want(200, "a")
		b.Send(more)
		c.get("/b")
		fresh := p.backend("a").Accept()
		fresh.Receive()
		fresh.Reply(200, "b")
		c.want(200, "b")
		require.Empty(t, b.Ended(), "nothing more is sent on it")
		_ = fresh.Close()
	}
}
