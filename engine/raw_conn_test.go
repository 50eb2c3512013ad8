package engine

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// A connection on which a request was not written to its end is never used again,
// whatever the backend answered: it would read the next request as the rest.
func TestRawCutRequest(t *testing.T) {
	b := pooltest.New(t)
	p := pool.New(pool.Config{
		Name:     "p",
		Strategy: "round_robin",
		Backends: []pool.BackendConfig{{Addr: b.Addr, Weight: 1, MaxConns: 1}},
		Limits: pool.Limits{Connect: patience, ResponseHeader: 50 * time.Millisecond, ResponseBody: patience,
			Idle: patience, HeadBytes: 1 << 10, Fields: 10},
	})
	defer p.Close()
	conn, err := p.Pick(nil).Connect(false)
	require.NoError(t, err)
	backend := b.Accept()
	backend.Reply(200, "")
	require.ErrorIs(t, conn.Send(http1.Now(), bytes.Repeat([]byte("x"), 32<<20)), pool.ErrWriteTimeout, "the backend reads nothing")
	require.NoError(t, conn.Receive(http1.Now(), false))
	conn.Release(true)
	backend.Ended()
}

// A CONNECT that the backend refuses has an ordinary answer, with its body. One
// that it accepts has none, whatever the answer says.
func TestRawConnectAnswers(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nroutes: [{host: h, pool: default, connect: true}]")
	const connect = "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"
	c := p.connect()
	c.send(connect + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
	b := p.backend("a").Accept()
	b.Head()
	b.Send("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	c.want(407, "hello")
	require.Equal(t, "/next", b.Receive().RequestURI)
	b.Reply(200, "next")
	c.want(200, "next")

	c.send(connect)
	b.Head()
	b.Send("HTTP/1.1 200 Yes\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
	c.wantReject(502, "http_protocol_error")
	for _, framing := range []string{"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", ""} {
		c.send(connect)
		b = p.backend("a").Accept()
		b.Head()
		b.Send("HTTP/1.1 200 Yes\r\nDate: d\r\n" + framing + "\r\nhello")
		const want = "HTTP/1.1 200 Yes\r\nDate: d\r\n\r\nhello"
		got := make([]byte, len(want))
		_, err := io.ReadFull(c.r, got)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		_ = c.Close()
		c = p.connect()
	}
}
