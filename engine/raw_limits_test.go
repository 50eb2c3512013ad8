package engine

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Limits of the proxy that TestRawLimits tries.
const (
	limitHead   = 2048
	limitFields = 20
	limitTarget = 1024
	limitBody   = 100
	limitsYAML  = "limits: {max_header_bytes: 2KiB, max_fields: 20, max_target_bytes: 1KiB, max_body_bytes: 100B}"
)

// limits make a request of a size, which is the limit or one more.
var limits = []struct {
	name    string
	limit   int
	status  int
	request func(n int) string
	seen    func(n int) string
}{
	{"9110 5.4 head", limitHead, 431, headOf, seenGet},
	{"9110 5.4 head behind empty lines", limitHead, 431, func(n int) string { return "\r\n\r\n\r\n" + headOf(n) }, seenGet},
	{"6585 5 head of many small fields", limitHead, 431, func(n int) string {
		const start = "GET /x HTTP/1.1\r\nHost: h\r\n"
		fields := strings.Repeat("A: "+strings.Repeat("x", 120)+"\r\n", 16)
		return start + fields + "B: " + strings.Repeat("x", n-len(start)-len(fields)-len("B: \r\n\r\n")) + "\r\n\r\n"
	}, seenGet},
	{"6585 5 fields", limitFields, 431, func(n int) string {
		return "GET /x HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("A: b\r\n", n-1) + "\r\n"
	}, seenGet},
	{"6585 5 fields of the connection", limitFields, 431, func(n int) string {
		return "GET /x HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("Connection: a\r\n", n-1) + "\r\n"
	}, seenGet},
	{"9112 3 target", limitTarget, 414, func(n int) string {
		return "GET " + pathOf(n) + " HTTP/1.1\r\nHost: h\r\n\r\n"
	}, func(n int) string { return "GET " + pathOf(n) + ` h ""` }},
	{"9112 3.2.2 absolute target", limitTarget, 414, func(n int) string {
		return "GET http://i" + pathOf(n-len("http://i")) + " HTTP/1.1\r\nHost: h\r\n\r\n"
	}, func(n int) string { return "GET " + pathOf(n-len("http://i")) + ` i ""` }},
	{"9110 15.5.14 chunked body", limitBody, 413, func(n int) string {
		return postChunked + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, strings.Repeat("x", n))
	}, func(n int) string { return seenPost(strings.Repeat("x", n)) }},
	{"9110 15.5.14 chunked body in pieces", limitBody, 413, func(n int) string {
		return postChunked + strings.Repeat("1\r\nx\r\n", n) + "0\r\n\r\n"
	}, func(n int) string { return seenPost(strings.Repeat("x", n)) }},
	{"6585 5 trailers", limitHead, 431, func(n int) string {
		return postChunked + "1\r\nx\r\n0\r\nA: " + strings.Repeat("x", n-len("A: \r\n\r\n")) + "\r\n\r\n"
	}, func(int) string { return seenPost("x") }},
	{"6585 5 trailer fields", limitFields, 431, func(n int) string {
		return postChunked + "0\r\n" + strings.Repeat("A: b\r\n", n) + "\r\n"
	}, func(int) string { return seenPost("") }},
}

func headOf(n int) string {
	const start = "GET /x HTTP/1.1\r\nHost: h\r\nA: "
	return start + strings.Repeat("x", n-len(start)-4) + "\r\n\r\n"
}

func pathOf(n int) string { return "/" + strings.Repeat("x", n-1) }

func seenGet(int) string { return `GET /x h ""` }

// What is exactly as large as a limit allows passes, and one more does not.
func TestRawLimits(t *testing.T) {
	p := startRaw(t, limitsYAML)
	for _, c := range limits {
		t.Run(c.name, func(t *testing.T) {
			p.passes(t, c.request(c.limit), c.seen(c.limit))
			p.refuses(t, c.request(c.limit+1), c.status)
		})
	}
	// With a declared length the end of the body is known: the connection goes
	// on when all of it is here, and ends when the client would still send it.
	t.Run("9110 15.5.14 declared body", func(t *testing.T) {
		p.passes(t, post+"Content-Length: 100\r\n\r\n"+strings.Repeat("x", limitBody), seenPost(strings.Repeat("x", limitBody)))
		for _, pieces := range deliveries {
			c := p.connect()
			marker, seen := p.marker()
			c.deliver(post+"Content-Length: 101\r\n\r\n"+strings.Repeat("x", limitBody+1)+marker, pieces)
			if c.wantReject(413, "http_request_error").Close {
				c.wantEnd()
				p.pass(t, "", 1)
				continue
			}
			c.want(200, seen)
			require.Equal(t, []string{seen}, texts(p.take()))
		}
		c := p.connect()
		c.send(post + "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n")
		require.True(t, c.wantReject(413, "http_request_error").Close, "refused before it is sent")
		c.wantEnd()
	})
}

// A client that goes on sending what was refused long before its end still gets
// to read why.
func TestRawAnswerOutlivesRequest(t *testing.T) {
	p := startRaw(t, limitsYAML)
	for _, start := range []string{
		"GET /x HTTP/1.1\r\nHost: h\r\nA: ",
		"GET /",
		"POST /x HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n",
		post + "Content-Length: 1000000\r\n\r\n",
		postChunked + "fffff\r\n",
	} {
		c := p.connect()
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(c.Conn, start+strings.Repeat("x", 1_000_000))
			sent <- err
		}()
		r, err := c.receive("GET")
		require.NoError(t, err, "%q", start)
		require.GreaterOrEqual(t, r.StatusCode, 400)
		c.wantEnd()
		require.NoError(t, <-sent, "%q", start)
		_ = c.Close()
	}
}
