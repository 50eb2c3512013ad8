package engine

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A stop ends idle connections, finishes what is in progress with
// Connection: close, and leaves nothing behind.
func TestStop(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	idle, busy, fresh := p.connect(), p.connect(), p.connect()
	idle.get("/")
	b := p.backend("a").Accept()
	b.Receive()
	b.Reply(200, "")
	idle.want(200, "")
	p.wantMetric("proxy_requests_inflight", "0") // and so the backend's connection is idle
	busy.get("/slow")
	b.Receive()

	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	idle.wantEnd()
	fresh.wantEnd()
	require.Equal(t, "stopping", p.notReady())
	require.Empty(t, stopped, "an exchange is in progress")
	b.Reply(200, "done")
	require.True(t, busy.want(200, "done").Close)
	busy.wantEnd()
	require.NoError(t, <-stopped)
	require.Zero(t, p.conns.len())
}

// A stop that cuts a response off does not make it look whole, where that lasts
// until the connection ends.
func TestStopCutsOffVisibly(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {shutdown: 50ms}")
	c := p.connect()
	c.send("GET / HTTP/1.0\r\n\r\n")
	b := p.backend("a").Accept()
	b.Receive()
	b.Send("HTTP/1.1 200 OK\r\nDate: d\r\n\r\nhello")
	const want = "HTTP/1.1 200 OK\r\nDate: d\r\nConnection: close\r\n\r\nhello"
	require.Equal(t, want, c.bytes(len(want)))
	conn := p.conns.list()[0]
	require.ErrorIs(t, p.stop(), ErrShutdownTimeout)
	_, err := c.r.ReadByte()
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Equal(t, byProxy, conn.exchange.brokenBy)
}

// What is still in progress after timeouts.shutdown is cut off, whomever it
// waits for.
func TestStopCutsOff(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {shutdown: 50ms}")
	c := p.connect()
	c.get("/")
	p.backend("a").Accept().Receive()
	require.ErrorIs(t, p.stop(), ErrShutdownTimeout)
	c.wantEnd()
	require.Zero(t, p.conns.len())
}
