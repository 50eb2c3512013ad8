package engine

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// half is a connection of which one side can be ended.
type half interface{ CloseWrite() error }

// When one side of a tunnel has ended in order, the other can go on; when one
// side breaks, both end.
func TestHalfClosedTunnel(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c, b := p.tunnel()
	b.Send("bye")
	require.NoError(t, b.Conn.(half).CloseWrite())
	require.Equal(t, "bye", c.bytes(3))
	c.wantEnd()
	c.send("still here")
	require.Equal(t, "still here", b.Bytes(10))
	require.NoError(t, c.Conn.(half).CloseWrite())
	require.Empty(t, b.Ended())
	p.wantMetric("proxy_tunnels", "0")

	c, b = p.tunnel()
	b.Reset()
	_, err := io.ReadAll(c.r)
	require.NoError(t, err)
	p.wantMetric("proxy_tunnels", "0")
	p.wantMetric("proxy_requests_inflight", "0")
}

// A reader that stops holds the writer on the other side of the tunnel up, and
// the proxy keeps no more than its buffers; then everything arrives.
func TestTunnelBackpressure(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c, b := p.tunnel()
	require.NoError(t, c.Conn.(*net.TCPConn).SetReadBuffer(64<<10))
	before := heap()
	piece, sent := bytes.Repeat([]byte("x"), 64<<10), 0
	for held := false; !held; {
		require.Less(t, sent, 256<<20, "nothing holds the writer up")
		require.NoError(t, b.SetWriteDeadline(time.Now().Add(500*time.Millisecond)))
		n, err := b.Write(piece)
		sent += n
		held = err != nil
	}
	require.Less(t, heap(), before+8<<20)
	_ = b.Close()
	got, err := io.Copy(io.Discard, c.r)
	require.NoError(t, err)
	require.Equal(t, int64(sent), got)
}

// heap returns how many bytes are in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// Bytes in one direction keep a tunnel for as long as they come.
func TestOneSidedTunnel(t *testing.T) {
	const silence = 1500 * time.Millisecond
	p := startProxy(t, fmt.Sprintf("backends: [$a]\ntimeouts: {tunnel: %s}", silence))
	c, b := p.tunnel()
	tick := time.NewTicker(silence / 10)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < 3*silence/2; {
		<-tick.C
		b.Send("x")
		c.bytes(1)
	}
	c.wantEnd()
	require.Empty(t, b.Ended())
	p.wantMetric("proxy_tunnels", "0")
}

// A tunnel goes on across a stop, for as long as timeouts.shutdown allows.
func TestTunnelAcrossStop(t *testing.T) {
	stop := func(p *tester) (stopped chan error) {
		stopped = make(chan error, 1)
		go func() { stopped <- p.stop() }()
		require.Eventually(t, p.draining.Load, patience, time.Millisecond)
		return stopped
	}
	p := startProxy(t, `backends: [$a]`)
	c, b := p.tunnel()
	p.wantMetric("proxy_tunnels", "1")
	p.wantMetric("proxy_requests_inflight", "1")
	stopped := stop(p)
	c.send("ping")
	require.Equal(t, "ping", b.Bytes(4))
	b.Send("pong")
	require.Equal(t, "pong", c.bytes(4))
	require.Empty(t, stopped)
	_ = c.Close()
	require.Empty(t, b.Ended())
	_ = b.Close()
	require.NoError(t, <-stopped)

	p = startProxy(t, "backends: [$a]\ntimeouts: {shutdown: 50ms}")
	c, b = p.tunnel()
	require.ErrorIs(t, <-stop(p), ErrShutdownTimeout)
	c.wantEnd()
	require.Empty(t, b.Ended())
}
