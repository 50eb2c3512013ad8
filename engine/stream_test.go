package engine

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// An answer that comes while the request body is still being sent reaches the
// client at once, whether the backend goes on reading or not.
func TestEarlyAnswer(t *testing.T) {
	for name, then := range map[string]func(c io.Closer){
		"backend stays": func(io.Closer) {},
		"backend ends":  func(c io.Closer) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, `backends: [$a]`)
			c := p.connect()
			c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nbegin")
			b := p.backend("a").Accept()
			b.Head()
			require.Equal(t, "begin", b.Bytes(5), "the body streams")
			b.Reply(413, "too much")
			then(b)
			require.True(t, c.want(413, "too much").Close)
			c.wantEnd()
			p.wantMetric("proxy_requests_inflight", "0")
		})
	}
}

// Request and response stream at the same time.
func TestBothWaysAtOnce(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
	b := p.backend("a").Accept()
	b.Head()
	b.Send("HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n")
	got := make([]byte, len("HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"))
	_, err := io.ReadFull(c.r, got)
	require.NoError(t, err)
	for _, word := range []string{"one", "two", "three"} {
		chunk := string(rune('0'+len(word))) + "\r\n" + word + "\r\n"
		c.send(chunk)
		require.Equal(t, chunk, b.Bytes(len(chunk)))
		b.Send(chunk)
		got := make([]byte, len(chunk))
		_, err := io.ReadFull(c.r, got)
		require.NoError(t, err)
		require.Equal(t, chunk, string(got))
	}
	c.send("0\r\n\r\n")
	require.Equal(t, "0\r\n\r\n", b.Bytes(5))
	b.Send("0\r\n\r\n")
	_, err = io.ReadFull(c.r, make([]byte, 5))
	require.NoError(t, err)
	c.wantEnd()
}

// Trailers pass both ways, but for those that mean something only in a head.
func TestTrailers(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTE: trailers, gzip\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"1\r\nx\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\nAuthorization: me\r\n\r\n")
	b := p.backend("a").Accept()
	head := b.Head()
	require.Contains(t, head, "\r\nConnection: TE\r\nTE: trailers\r\n")
	require.Contains(t, head, "\r\nTrailer: X-Sum\r\n")
	const want = "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"
	require.Equal(t, want, b.Bytes(len(want)))
	b.Send("HTTP/1.1 200 OK\r\nTrailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\nX-End: 1\r\nSet-Cookie: a\r\n\r\n")
	r := c.want(200, "y")
	require.Equal(t, "1", r.Trailer.Get("X-End"))
	require.Empty(t, r.Trailer.Get("Set-Cookie"))
}

// A client that waits for 100 Continue gets one when its body is wanted, and
// none when the request is refused.
func TestExpect(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nlimits: {max_body_bytes: 10}")
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	got := make([]byte, len(continueHead))
	_, err := io.ReadFull(c.r, got)
	require.NoError(t, err)
	require.Equal(t, string(continueHead), string(got))
	c.send("hello")
	b := p.backend("a").Accept()
	req := b.Receive()
	require.Equal(t, "hello", req.Content)
	require.NotContains(t, req.Head, "Expect")
	b.Reply(200, "ok")
	c.want(200, "ok")
	c.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 50\r\n\r\n")
	c.wantReject(413, "http_request_error")
	c.wantEnd()

	c = p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\nContent-Length: 5\r\n\r\n")
	c.wantReject(417, "http_request_error")
}

// Interim responses pass on to clients of HTTP/1.1.
func TestInterim(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.get("/")
	b := p.backend("a").Accept()
	b.Receive()
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
	b.Send(hints)
	got := make([]byte, len(hints))
	_, err := io.ReadFull(c.r, got)
	require.NoError(t, err)
	require.Equal(t, hints, string(got))
	b.Send("HTTP/1.1 100 Continue\r\n\r\n").Reply(200, "x")
	c.want(200, "x")
}

// A tunnel carries bytes both ways, those that came with the handshake too, and
// the end of each side.
func TestTunnel(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Key: 1\r\n\r\nearly")
	b := p.backend("a").Accept()
	head := b.Head()
	require.Contains(t, head, "\r\nConnection: Upgrade\r\nUpgrade: echo\r\n")
	require.Contains(t, head, "\r\nX-Key: 1\r\n")
	b.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\nX-Accept: 2\r\n\r\nhello")
	const want = "HTTP/1.1 101 Switching Protocols\r\nX-Accept: 2\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello"
	got := make([]byte, len(want))
	_, err := io.ReadFull(c.r, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	require.Equal(t, "early", b.Bytes(5))
	p.wantMetric("proxy_tunnels", "1")
	p.wantMetric("proxy_requests_inflight", "1")
	c.send("ping")
	require.Equal(t, "ping", b.Bytes(4))
	b.Send("pong")
	_, err = io.ReadFull(c.r, got[:4])
	require.NoError(t, err)
	require.NoError(t, c.Conn.(interface{ CloseWrite() error }).CloseWrite())
	require.Empty(t, b.Ended(), "the end of the client's side reaches the backend")
	b.Send("last words")
	_ = b.Close()
	rest, err := io.ReadAll(c.r)
	require.NoError(t, err)
	require.Equal(t, "last words", string(rest))
	p.wantMetric("proxy_tunnels", "0")
	p.wantMetric("proxy_requests_inflight", "0")
}

// A tunnel on which nothing moves ends after timeouts.tunnel.
func TestSilentTunnel(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {tunnel: 100ms}")
	c := p.connect()
	c.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	b := p.backend("a").Accept()
	b.Head()
	b.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
	rest, err := io.ReadAll(c.r)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(rest), "HTTP/1.1 101 "))
	require.Empty(t, b.Ended())
}

// A client that leaves while its backend works is noticed; the backend is not
// blamed.
func TestClientLeft(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.get("/")
	b := p.backend("a").Accept()
	b.Receive()
	_ = c.Close()
	require.Empty(t, b.Ended(), "the backend's connection is closed")
	p.wantMetric("proxy_requests_inflight", "0")
	p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+p.backend("a").Addr+`",reason="connection_terminated"}`, "0")
	p.wantMetric(`proxy_requests_total{pool="default",code="4xx"}`, "1")
}

// A backend that closes each connection behind its answer costs no request.
func TestKeepAliveRace(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	p.backend("a").Serve(func(c *pooltest.Conn) {
		if _, err := c.ReadRequest(); err == nil {
			c.Reply(200, "x")
		}
	})
	c := p.connect()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	for range 500 {
		c.get("/")
		c.want(200, "x")
	}
}
