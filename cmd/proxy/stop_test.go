package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A stop loses no request: what reached a backend is answered to its last byte,
// every client is told that the connection ends, and the process exits with 0.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	p := startProxy(t, "backends: [http://"+b.addr+"]")
	var answered, told, silent atomic.Int64
	var broken atomic.Value
	clients := startLoad(p, 8, func(c *client) bool {
		got, err := c.get("/")
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
			silent.Add(1) // before the first byte: it was nobody's request yet
			return false
		case err != nil:
			broken.Store(err.Error())
			return false
		}
		answered.Add(1)
		if got.Close {
			told.Add(1)
		}
		return !got.Close
	})

	waitFor(t, "some traffic", func() bool { return answered.Load() > 200 })
	p.signal(syscall.SIGTERM)
	clients.running.Wait()
	require.Zero(t, p.wait())
	require.Nil(t, broken.Load())
	require.Equal(t, b.requests.Load(), answered.Load(), "a request that reached the backend was not answered")
	require.EqualValues(t, 8, told.Load()+silent.Load())
	require.NotZero(t, told.Load(), "no client was told that its connection ends")
	require.NotContains(t, p.stderr.String(), "level=WARN")
}

// From the moment it stops, the proxy says that it is not ready, takes no
// connection, and still finishes an exchange in progress.
func TestStopFinishesExchange(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	b := startBackend(t, g.answer)
	p := startProxy(t, "backends: [http://"+b.addr+"]")
	waitFor(t, "ready", func() bool { return p.ready() == 200 })
	c, idle := p.connect("127.0.0.1"), p.connect("127.0.0.1")
	require.NoError(t, c.send("/"))
	<-g.entered

	p.signal(syscall.SIGTERM)
	waitFor(t, "not ready", func() bool { return p.ready() == 503 })
	waitFor(t, "no more connections", func() bool {
		nc, err := net.Dial("tcp", p.addr)
		if err == nil {
			_ = nc.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	_, err := idle.receive()
	require.ErrorIs(t, err, io.EOF, "an idle connection is closed in silence")
	require.True(t, p.running(), "it left an exchange in progress")
	g.open()
	got, err := c.receive()
	require.NoError(t, err)
	require.Equal(t, "ok\n", got.body)
	require.True(t, got.Close, "the answer does not say that the connection ends")
	require.Zero(t, p.wait())
}

// hanging starts a proxy with an exchange in progress that never ends.
func hanging(t *testing.T, yaml string) *tester {
	g := newGate(t)
	b := startBackend(t, g.answer)
	p := startProxy(t, fmt.Sprintf("backends: [http://%s]\n%s", b.addr, yaml))
	require.NoError(t, p.connect("127.0.0.1").send("/"))
	<-g.entered
	return p
}

// The second signal ends the process at once, and not as a success.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := hanging(t, "timeouts: {shutdown: 1h, response_header: 1h}")
	p.signal(syscall.SIGINT)
	p.waitLog("msg=stopping")
	p.signal(syscall.SIGTERM)
	require.Equal(t, 1, p.wait())
	p.waitLog("second signal")
}

// An exchange that outlives timeouts.shutdown is cut off, for good, and the error
// names the setting.
func TestStopCutsOff(t *testing.T) {
	t.Parallel()
	p := hanging(t, "timeouts: {shutdown: 100ms, response_header: 1h}")
	p.signal(syscall.SIGTERM)
	require.Equal(t, 1, p.wait())
	p.waitLog("proxy: ", "timeouts.shutdown")
}

// A proxy whose log nobody reads any more goes on.
func TestLogReaderGone(t *testing.T) {
	t.Parallel()
	a := freeAddr(t)
	killed := startBackendProcess(t, a)
	p := startProxy(t, "backends: [http://"+a+"]\nhealth_check: {interval: 50ms, fall: 1, rise: 1}")
	waitFor(t, "ready", func() bool { return p.ready() == 200 })
	p.leave()
	killed.kill() // which is a line in the log
	waitFor(t, "down", func() bool { return p.ready() == 503 })
	startBackendProcess(t, a)
	waitFor(t, "up", func() bool { return p.ready() == 200 })
	got, err := p.connect("127.0.0.1").get("/")
	require.NoError(t, err)
	require.Equal(t, a, got.body)
}
