package engine

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// A client that goes on sending a huge body although the answer is there can read
// that answer, whether it looks for it while it sends or only then, and whatever
// the backend does behind it.
func TestRefusedUpload(t *testing.T) {
	const size = 100 << 20
	p := startProxy(t, "backends: [$a]\nlimits: {max_body_bytes: 1GB}")
	send := func(c *client) error {
		_, err := io.Copy(c, io.MultiReader(
			strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\n\r\n"), io.LimitReader(zeros{}, size)))
		return err
	}
	for name, then := range map[string]func(*pooltest.Conn){
		"backend stays and reads nothing": func(*pooltest.Conn) {},
		"backend ends":                    func(b *pooltest.Conn) { _ = b.Close() },
		"backend ends its side":           func(b *pooltest.Conn) { _ = b.Conn.(*net.TCPConn).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			c := p.connect()
			var sending sync.WaitGroup
			sending.Go(func() { _ = send(c) })
			b := p.backend("a").Accept()
			b.Head()
			then(b.Reply(401, "who are you?"))
			require.True(t, c.want(401, "who are you?").Close)
			sending.Wait()

			c = p.connect()
			sent := make(chan error, 1)
			go func() { sent <- send(c) }()
			b = p.backend("a").Accept()
			b.Head()
			then(b.Reply(413, "too much"))
			require.NoError(t, <-sent)
			require.True(t, c.want(413, "too much").Close)
			c.wantEnd()
			p.wantMetric("proxy_requests_inflight", "0")
		})
	}
}

// The proxy's own refusal can be read by a client that has sent everything too.
func TestTooLargeUpload(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nlimits: {max_body_bytes: 1MiB}")
	for _, framing := range []string{"Content-Length: 10000000", "Transfer-Encoding: chunked"} {
		c := p.connect()
		sent := make(chan error, 1)
		go func() {
			_, err := io.Copy(c, io.MultiReader(
				strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\n"+framing+"\r\n\r\n989680\r\n"), io.LimitReader(zeros{}, 10000000-8)))
			sent <- err
		}()
		require.NoError(t, <-sent)
		require.True(t, c.wantReject(413, "http_request_error").Close)
		c.wantEnd()
	}
}

// A client that waits for 100 Continue and is refused by the backend gets that
// answer without having sent its body.
func TestRefusedExpectation(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
	require.Equal(t, string(continueHead), c.bytes(len(continueHead)))
	b := p.backend("a").Accept()
	require.NotContains(t, b.Head(), "Expect")
	b.Reply(401, "who are you?")
	require.True(t, c.want(401, "who are you?").Close)
	_ = c.Close()
	require.Empty(t, b.Ended())
	p.wantMetric("proxy_requests_inflight", "0")
}

// A GET may have a body, and a body that comes in pieces goes on in pieces.
func TestStreamedGet(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
	b := p.backend("a").Accept()
	require.Contains(t, b.Head(), "\r\nTransfer-Encoding: chunked\r\n")
	for _, chunk := range []string{"3\r\nabc\r\n", "4\r\ndefg\r\n", "0\r\n\r\n"} {
		c.send(chunk)
		require.Equal(t, chunk, b.Bytes(len(chunk)))
	}
	b.Reply(200, "ok")
	require.False(t, c.want(200, "ok").Close)
	c.get("/next")
	require.Equal(t, "/next", b.Receive().RequestURI, "both connections are kept")
	b.Reply(200, "")
	c.want(200, "")
}

// A body whose framing breaks in the middle is refused, and the backend does not
// see a whole request.
func TestMalformedUpload(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
	b := p.backend("a").Accept()
	b.Head()
	require.Equal(t, "3\r\nabc\r\n", b.Bytes(8))
	c.send("x\r\n")
	require.True(t, c.wantReject(400, "http_request_error").Close)
	require.Empty(t, b.Ended())
}
