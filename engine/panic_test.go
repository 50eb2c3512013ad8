package engine

import (
	"bytes"
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// startFragile starts a proxy that panics: in an exchange with a path below
// /panic, and in whoever reads "panic!" from a client.
func startFragile(t *testing.T) *tester {
	t.Helper()
	p := &tester{t: t, log: &lockedBuffer{}, backends: map[string]*pooltest.Backend{"a": pooltest.New(t)}}
	var err error
	p.Engine, err = newEngine(t, "backends: [http://"+p.backend("a").Addr+"]", p.log)
	require.NoError(t, err)
	snap := p.snapshot.Load()
	snap.routes = newRoutes([]config.Route{{Path: "/panic", Pool: "broken"}}, map[string]*servicePool{
		config.DefaultPool: snap.pools[0],
		"broken":           {tally: p.counters.newTally()}, // without a Pool
	})
	require.NoError(t, p.Listen())
	l := p.snapshot.Load().listeners[0]
	l.Listener = fragileListener{l.Listener.(*net.TCPListener)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx) }()
	t.Cleanup(func() {
		p.backend("a").Close()
		cancel()
		require.NoError(t, <-ended)
	})
	return p
}

type fragileListener struct{ *net.TCPListener }

func (l fragileListener) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	if err != nil {
		return nil, err
	}
	return fragileConn{c}, nil
}

// fragileConn hides the socket, so that it is read from through Read.
type fragileConn struct{ net.Conn }

func (c fragileConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

func (c fragileConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if bytes.Contains(p[:n], []byte("panic!")) {
		panic("as asked")
	}
	return n, err
}

// A panic costs its own client an answer of 500 and the connection, and nobody
// else anything; the log tells where it was.
func TestPanic(t *testing.T) {
	p := startFragile(t)
	other, c := p.connect(), p.connect()
	other.get("/")
	waiting := p.backend("a").Accept()
	waiting.Receive()

	c.get("/panic")
	require.True(t, c.wantReject(500, "proxy_internal_error").Close)
	c.wantEnd()
	p.wantMetric("proxy_panics_total", "1")
	p.wantMetric(`proxy_rejected_requests_total{reason="proxy_internal_error"}`, "1")
	require.Contains(t, p.log.String(), "engine.(*exchange).forward")

	c = p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n")
	b := p.backend("a").Accept()
	b.Head()
	c.send("panic!")
	require.True(t, c.wantReject(500, "proxy_internal_error").Close)
	require.Empty(t, b.Ended())
	p.wantMetric("proxy_panics_total", "2")
	require.Contains(t, p.log.String(), "engine.(*upload).run")

	waiting.Reply(200, "still here")
	other.want(200, "still here")
	p.wantMetric("proxy_requests_inflight", "0")
}

// A panic in an upload whose answer has begun breaks that answer off.
func TestPanicBehindAnswer(t *testing.T) {
	p := startFragile(t)
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n")
	b := p.backend("a").Accept()
	b.Head()
	const answer = "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 10\r\n"
	b.Send(answer + "\r\nhello")
	require.Equal(t, answer+"Connection: close\r\n\r\nhello", c.bytes(len(answer+"Connection: close\r\n\r\nhello")))
	c.send("panic!")
	c.wantEnd()
	require.Empty(t, b.Ended())
	p.wantMetric("proxy_panics_total", "1")
	p.wantMetric("proxy_requests_inflight", "0")
}
