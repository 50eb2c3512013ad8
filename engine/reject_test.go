package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A malformed request is refused, and the connection ends with it.
func TestMalformedRequest(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nlimits: {max_header_bytes: 1KiB}")
	for _, c := range []struct {
		sent   string
		status int
	}{
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\nHost: h\n\n", 400},
		{"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 1024) + "\r\n\r\n", 431},
		{"GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("a:\r\n", 200) + "\r\n", 431},
		{"\x16\x03\x01\x02\x00\x01", 400},
	} {
		client := p.connect()
		client.send(c.sent)
		r := client.wantReject(c.status, "http_request_error")
		require.True(t, r.Close, "%q", c.sent)
		client.wantEnd()
	}
	require.Zero(t, p.backend("a").Connections(), "nothing reached the backend")
}

// A client gets an answer in the form it prefers, and never the text of an error.
func TestRejectForms(t *testing.T) {
	p := startProxy(t, `
pools: {api: {backends: ["$a"]}}
routes: [{host: api.test, pool: api}]`)
	c := p.connect()
	c.get("/")
	r := c.wantReject(404, "destination_not_found")
	require.Equal(t, "404 Not Found: no route for this request\n", r.body)
	require.False(t, r.Close, "a refused request does not end the connection")

	for accept, json := range map[string]bool{
		"application/json":                          true,
		"application/json, text/plain, */*":         true,
		"text/html,application/xhtml+xml,*/*;q=0.8": false,
		"text/html, application/json;q=0.5":         false,
		"text/plain;q=0.3, application/json;q=0.5":  true,
		"*/*":                  false,
		"application/json;q=0": false,
	} {
		c.send("GET / HTTP/1.1\r\nHost: proxy.test\r\nAccept: " + accept + "\r\n\r\n")
		r := c.wantReject(404, "destination_not_found")
		if json {
			require.JSONEq(t, `{"status":404,"error":"destination_not_found","message":"no route for this request"}`, r.body, accept)
			require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		} else {
			require.True(t, strings.HasPrefix(r.body, "404 "), accept)
		}
	}
	c.send("HEAD / HTTP/1.1\r\nHost: proxy.test\r\n\r\n")
	c.wantTo("HEAD", 404, "")
	c.get("/")
	c.wantReject(404, "destination_not_found")
}

// A backend's failures are told apart.
func TestBackendFailures(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		reason       string
	}{
		{"garbage", "hello\r\n\r\n", 502, "http_protocol_error"},
		{"both framings", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 502, "http_protocol_error"},
		{"an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502, "http_protocol_error"},
		{"a head without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20<<10), 502, "http_response_header_section_size"},
		{"half a head", "HTTP/1.1 200 OK\r\nX", 502, "connection_terminated"},
		{"interim without end", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100), 502, "http_protocol_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startProxy(t, `backends: [$a]`)
			client := p.connect()
			client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
			b := p.backend("a").Accept()
			b.Receive()
			_, _ = b.Write([]byte(c.answer))
			_ = b.Close()
			client.wantReject(c.status, c.reason)
			p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+p.backend("a").Addr+`",reason="`+c.reason+`"}`, "1")
			p.wantMetric(`proxy_backend_inflight{pool="default",backend="`+p.backend("a").Addr+`"}`, "0")
		})
	}
}

// A backend that nobody can connect to, that has no connection left, or that is
// silent, each has its own status and reason.
func TestUnreachable(t *testing.T) {
	p := startProxy(t, "backends: [{url: $a, max_conns: 1}]\ntimeouts: {response_header: 50ms}")
	first := p.connect()
	first.get("/")
	p.backend("a").Accept()
	second := p.connect()
	second.get("/")
	second.wantReject(503, "connection_limit_reached")
	first.wantReject(504, "http_response_timeout")

	p.backend("a").Close()
	second.get("/")
	second.wantReject(502, "connection_refused")
}

// A response that breaks off ends the connection, and no byte is added to it.
func TestTruncatedResponse(t *testing.T) {
	for name, answer := range map[string]string{
		"known length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"chunked":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"broken chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, `backends: [$a]`)
			c := p.connect()
			c.get("/")
			b := p.backend("a").Accept()
			b.Receive()
			b.Send(answer)
			_ = b.Close()
			r, err := c.receive("GET")
			require.Error(t, err)
			require.Equal(t, "hello", r.body)
			c.wantEnd()
			p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+p.backend("a").Addr+`",reason="http_response_incomplete"}`, "1")
		})
	}
}

// A client over its rate is told when to come again; another one never notices.
func TestLimited(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nrate_limit: {rps: 0.5, burst: 3}")
	p.backend("a").Answer("hi")
	greedy, modest := p.connectFrom("127.0.0.2"), p.connectFrom("127.0.0.3")
	for range 3 {
		greedy.get("/")
		greedy.want(200, "hi")
	}
	greedy.get("/")
	r := greedy.wantReject(429, "http_request_denied")
	require.Equal(t, "2", r.Header.Get("Retry-After"))
	require.Equal(t, `"client";r=0;t=2`, r.Header.Get("RateLimit"))
	require.Equal(t, `"client";q=3;w=6`, r.Header.Get("RateLimit-Policy"))
	modest.get("/")
	modest.want(200, "hi")
	p.wantMetric(`proxy_rejected_requests_total{reason="http_request_denied"}`, "1")
	p.wantMetric("proxy_limiter_clients", "2")
}

// A body over the limit is refused: unread when its length is declared, at the
// byte where it exceeds when it is not. One of exactly the limit passes.
func TestBodyLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nlimits: {max_body_bytes: 5B}")
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
	b := p.backend("a").Accept()
	require.Equal(t, "hello", b.Receive().Content)
	b.Reply(200, "")
	c.want(200, "")
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n")
	require.True(t, c.wantReject(413, "http_request_error").Close)

	c = p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
	require.True(t, c.wantReject(413, "http_request_error").Close)
	p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+p.backend("a").Addr+`",reason="connection_terminated"}`, "0")
}

// A head that comes too slowly is answered with 408 although bytes keep coming;
// a client that sends nothing is let go in silence.
func TestSlowHead(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {client_header: 1s}")
	slow, silent := p.connect(), p.connect()
	slow.send("G") // in good time, so that it has begun a head
	trickle := time.NewTicker(20 * time.Millisecond)
	defer trickle.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			<-trickle.C
			if _, err := slow.Write([]byte("G")); err != nil {
				return
			}
		}
	}()
	require.True(t, slow.wantReject(408, "http_request_error").Close)
	silent.wantEnd()
	_ = slow.Close()
	<-done
}
