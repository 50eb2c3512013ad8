package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a client sends reaches the backend as it is, and what the backend answers
// reaches the client.
func TestForward(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("GET //a/%2F/../b?x=&y= HTTP/1.1\r\nHost: Example.com:8080\r\nX-A: 1\r\nx-b:2\r\nX-A: 3\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n")
	b := p.backend("a").Accept()
	require.Equal(t, "GET //a/%2F/../b?x=&y= HTTP/1.1\r\nHost: Example.com:8080\r\n"+
		"X-A: 1\r\nx-b: 2\r\nX-A: 3\r\nCookie: a=b\r\nCookie: c=d\r\n"+
		"X-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: Example.com:8080\r\n\r\n",
		b.Receive().Head)
	b.Send("HTTP/1.1 299 Fine by me\r\nServer: old\r\nDate: then\r\nSet-Cookie: a\r\nX-Z: 1\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\nhi")
	r := c.want(299, "hi")
	require.Equal(t, "HTTP/1.1 299 Fine by me\r\nServer: old\r\nDate: then\r\nSet-Cookie: a\r\nX-Z: 1\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\n", r.head)

	c.get("/again")
	require.Equal(t, "/again", b.Receive().RequestURI, "the connection is used again")
	b.Reply(200, "")
	c.want(200, "")
}

// Fields that concern one connection only stop here, with those that Connection
// names, and none takes away what the proxy vouches for.
func TestHopByHop(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Drop, X-Real-IP\r\nconnection: host, content-length\r\n" +
		"X-Drop: 1\r\nKeep-Alive: 1\r\nProxy-Connection: x\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Authorization: x\r\n" +
		"X-Real-IP: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nX-Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Keep: 1\r\n\r\n")
	b := p.backend("a").Accept()
	require.Equal(t, "GET / HTTP/1.1\r\nHost: h\r\nX-Keep: 1\r\n"+
		"X-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n\r\n",
		b.Receive().Head)
	b.Send("HTTP/1.1 200 OK\r\nConnection: X-Drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nDate: d\r\nX-Keep: 1\r\nContent-Length: 0\r\n\r\n")
	require.Equal(t, "HTTP/1.1 200 OK\r\nDate: d\r\nX-Keep: 1\r\nContent-Length: 0\r\n\r\n", c.want(200, "").head)
}

// Bodies pass both ways whatever their framing.
func TestBodies(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
	b := p.backend("a").Accept()
	require.Equal(t, "hello", b.Receive().Content)
	b.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n")
	c.want(200, "abcdefg")

	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	require.Equal(t, "abc", b.Receive().Content)
	b.Send("HTTP/1.1 204 No Content\r\n\r\n")
	c.want(204, "")

	c.send("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
	require.Equal(t, "body", b.Receive().Content, "a GET may have a body")
	b.Send("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: x\r\n\r\n")
	require.Equal(t, "9", c.want(304, "").Header.Get("Content-Length"))

	c.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
	b.Receive()
	b.Send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
	require.Equal(t, int64(7), c.wantTo("HEAD", 200, "").ContentLength)

	c.get("/")
	b.Receive()
	b.Send("HTTP/1.1 200 OK\r\n\r\nuntil the end").Close()
	require.Equal(t, []string{"chunked"}, c.want(200, "until the end").TransferEncoding)
}

// A request whose backend dies before it answers goes to another backend.
func TestRetry(t *testing.T) {
	p := startProxy(t, "strategy: round_robin\nbackends: [$a, $b]")
	c := p.connect()
	c.get("/x")
	conn := accept(p.backend("a"), p.backend("b"))
	conn.Receive()
	conn.Reset()
	other := accept(p.backend("a"), p.backend("b"))
	other.Receive()
	other.Reply(200, "hi")
	c.want(200, "hi")
	p.wantMetric(`proxy_retries_total{pool="default"}`, "1")
	p.wantMetric(`proxy_requests_inflight`, "0")
}

// A POST that was sent is not sent again.
func TestNoRetryOfPost(t *testing.T) {
	p := startProxy(t, "backends: [$a, $b]")
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
	conn := accept(p.backend("a"), p.backend("b"))
	conn.Receive()
	conn.Reset()
	c.wantReject(502, "connection_terminated")
	p.wantMetric(`proxy_retries_total{pool="default"}`, "0")
	p.wantMetric(`proxy_rejected_requests_total{reason="connection_terminated"}`, "1")
}
