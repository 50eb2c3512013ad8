package engine

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pipelined is one request of many that are sent at once: what the backend sees of
// it, or else the status it is refused with.
type pipelined struct {
	sent, method string
	seen         string
	status       int
}

var (
	plainGet    = pipelined{"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET", `GET /a h ""`, 200}
	plainHead   = pipelined{"HEAD /b HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD", `HEAD /b h ""`, 200}
	lengthPost  = pipelined{"POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "POST", `POST /c h "hello"`, 200}
	emptyPost   = pipelined{"POST /d HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "POST", `POST /d h ""`, 200}
	chunkedPut  = pipelined{"PUT /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n", "PUT", `PUT /e h "hello"`, 200}
	headBody    = pipelined{"HEAD /f HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "HEAD", `HEAD /f h "hello"`, 200}
	afterLines  = pipelined{"\r\n\r\nGET /g HTTP/1.1\r\nHost: h\r\n\r\n", "GET", `GET /g h ""`, 200}
	oldKept     = pipelined{"GET /h HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", "GET", `GET /h h ""`, 200}
	oldClosed   = pipelined{"GET /i HTTP/1.0\r\nHost: h\r\n\r\n", "GET", `GET /i h ""`, 200}
	closed      = pipelined{"GET /j HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET", `GET /j h ""`, 200}
	closedToo   = pipelined{"POST /k HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Close\r\nContent-Length: 5\r\n\r\nhello", "POST", `POST /k h "hello"`, 200}
	noRoute     = pipelined{"GET /l HTTP/1.1\r\nHost: nowhere\r\n\r\n", "GET", "", 404}
	noRouteHead = pipelined{"HEAD /l HTTP/1.1\r\nHost: nowhere\r\n\r\n", "HEAD", "", 404}
	noRoutePost = pipelined{"POST /m HTTP/1.1\r\nHost: nowhere\r\nContent-Length: 5\r\n\r\nhello", "POST", "", 404}
	noConnect   = pipelined{"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", "GET", "", 405}
	tooLarge    = pipelined{"POST /n HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world", "POST", "", 413}
	tooLargeGET = pipelined{"POST /n HTTP/1.1\r\nHost: h\r\nContent-Length: 29\r\n\r\nGET /no HTTP/1.1\r\nHost: h\r\n\r\n", "POST", "", 413}
	noFurther   = pipelined{"OPTIONS /o HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\nContent-Length: 5\r\n\r\nhello", "OPTIONS", "", 200}
	malformed   = pipelined{"GET /p HTTP/1.1\r\nHost : h\r\n\r\n", "GET", "", 400}
	badLength   = pipelined{"POST /q HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", "POST", "", 400}
	badChunk    = pipelined{"POST /r HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX", "POST", "", 400}
	unexpected2 = pipelined{"GET /s HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", "GET", "", 417}
	tooNew      = pipelined{"GET /t HTTP/2.0\r\nHost: h\r\n\r\n", "GET", "", 505}
)

// pipelines are sent at once. Whether the connection lasts behind the last request
// is what ends
// says: the requests behind that place get no answer.
var pipelines = []struct {
	rfc      string
	requests []pipelined
	ends     int // how many are answered; 0: all, and the connection goes on
}{
	{"9112 9.3.2 one after the other", []pipelined{plainGet, plainGet, plainGet}, 0},
	{"9112 9.3.2 bodies", []pipelined{plainGet, lengthPost, plainGet, chunkedPut, lengthPost, plainGet}, 0},
	{"9112 9.3.2 no body", []pipelined{emptyPost, plainGet, emptyPost, plainGet}, 0},
	{"9112 9.3.2 chunked", []pipelined{chunkedPut, chunkedPut, chunkedPut, plainGet}, 0},
	{"9110 9.3.2 HEAD", []pipelined{plainHead, plainGet, headBody, plainGet, plainHead, plainHead, lengthPost}, 0},
	{"9112 2.2 empty lines", []pipelined{afterLines, lengthPost, afterLines, chunkedPut, afterLines}, 0},
	{"9112 9.3 HTTP/1.0", []pipelined{plainGet, oldKept, lengthPost, oldKept}, 0},
	{"9110 15.5.5 refused", []pipelined{plainGet, noRoute, lengthPost, noRoutePost, plainGet, noRouteHead, plainGet}, 0},
	{"9110 15.5.6 refused", []pipelined{plainGet, noConnect, plainGet}, 0},
	{"9110 15.5.14 refused", []pipelined{plainGet, tooLarge, plainGet, tooLargeGET, plainHead}, 0},
	{"9110 7.6.2 answered here", []pipelined{noFurther, plainGet, noFurther, lengthPost}, 0},
	{"9112 9.6 close", []pipelined{plainGet, closed, plainGet, plainGet}, 2},
	{"9112 9.6 close", []pipelined{closed, lengthPost}, 1},
	{"9112 9.6 close wins", []pipelined{lengthPost, closedToo, plainGet}, 2},
	{"9112 9.3 HTTP/1.0 ends", []pipelined{plainGet, oldClosed, plainGet}, 2},
	{"9112 2.2 malformed", []pipelined{plainGet, lengthPost, malformed, plainGet}, 3},
	{"9112 2.2 malformed", []pipelined{malformed, plainGet}, 1},
	{"9112 6.3 malformed", []pipelined{plainHead, badLength, plainGet}, 2},
	{"9112 7.1 malformed", []pipelined{chunkedPut, badChunk, plainGet}, 2},
	{"9110 10.1.1 refused", []pipelined{plainGet, unexpected2, plainGet}, 2},
	{"9110 15.6.6 refused", []pipelined{plainGet, noRoute, tooNew, plainGet}, 3},
}

const pipelineYAML = `
pools: {p: {backends: [$a]}}
routes: [{host: h, pool: p}, {host: marker, pool: p}]
limits: {max_body_bytes: 10B}`

// Requests that come all at once are answered in their order, each with its own
// answer, whatever becomes of those between.
func TestRawPipelines(t *testing.T) {
	p := startRaw(t, pipelineYAML)
	for _, c := range pipelines {
		t.Run(c.rfc, func(t *testing.T) {
			for _, pieces := range deliveries {
				if pieces > 1 && c.ends > 0 && c.requests[c.ends-1].status == 200 {
					continue // a client that sends on after its own close may be reset
				}
				p.pipeline(t, c.requests, c.ends, pieces)
			}
		})
	}
}

func (p *rawTester) pipeline(t *testing.T, requests []pipelined, ends, pieces int) {
	c := p.connect()
	sent := ""
	for _, r := range requests {
		sent += r.sent
	}
	marker, markerSeen := p.marker()
	c.deliver(sent+marker, pieces)
	answered := requests
	if ends > 0 {
		answered = requests[:ends]
	} else {
		answered = append(answered[:len(answered):len(answered)], pipelined{marker, "GET", markerSeen, 200})
	}
	want := []string{}
	for i, r := range answered {
		got, err := c.receive(r.method)
		require.NoError(t, err, "%d: %q", i, r.sent)
		require.Equal(t, r.status, got.StatusCode, "%d: %q", i, r.sent)
		if r.seen != "" {
			want = append(want, r.seen)
			if r.method != "HEAD" {
				require.Equal(t, r.seen, got.body, "%d", i)
			}
		}
		if pieces > 1 && r.seen == "" && got.Close && strings.Contains(r.sent, "Content-Length") {
			ends = i + 1 // its body was not here yet, and nobody waits for it
		}
		require.Equal(t, ends == i+1, got.Close, "%d: %q", i, r.sent)
		if got.Close {
			c.wantEnd()
			break
		}
	}
	require.Equal(t, want, texts(p.take()))
	_ = c.Close()
}

// A client over its rate gets 429 in its place in the pipeline, and what follows
// is no part of the request that was refused.
func TestRawPipelineLimited(t *testing.T) {
	p := startRaw(t, "rate_limit: {rps: 0.001, burst: 2}")
	c := p.connect()
	c.send(plainGet.sent + lengthPost.sent + lengthPost.sent + plainGet.sent + plainHead.sent)
	c.want(200, plainGet.seen)
	c.want(200, lengthPost.seen)
	for _, method := range []string{"POST", "GET", "HEAD"} {
		r, err := c.receive(method)
		require.NoError(t, err)
		require.Equal(t, 429, r.StatusCode)
	}
	require.Equal(t, []string{plainGet.seen, lengthPost.seen}, texts(p.take()))
}
