package engine

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// dial opens a connection to a listener by its place.
func (p *tester) dial(i int) *client {
	p.t.Helper()
	addr := p.snapshot.Load().listeners[i].Addr()
	nc, err := net.Dial(addr.Network(), addr.String())
	require.NoError(p.t, err)
	return p.newClient(nc)
}

// A listener that stays in the configuration keeps its socket, a new one is open
// when the reload returns, and one that is gone refuses clients while the
// connections it has accepted end with their next response.
func TestReloadListeners(t *testing.T) {
	folder := t.TempDir()
	a, b := "unix:"+filepath.Join(folder, "a"), "unix:"+filepath.Join(folder, "b")
	p := startProxy(t, "backends: [$a]\nlisteners: [{addr: '127.0.0.1:0'}, {addr: '"+a+"'}]")
	p.backend("a").Serve(answerAll)
	kept, gone := p.dial(0), p.dial(1)
	gone.get("/0")
	require.False(t, gone.want(200, "").Close)
	port := p.Addr().String()

	require.NoError(t, p.change("backends: [$a]\nlisteners: [{addr: '127.0.0.1:0'}, {addr: '"+b+"', socket_mode: '600'}]"))
	require.Equal(t, port, p.Addr().String())
	kept.get("/0")
	require.False(t, kept.want(200, "").Close)
	p.dial(1).get("/0").want(200, "")
	info, err := os.Stat(filepath.Join(folder, "b"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	gone.get("/0")
	require.True(t, gone.want(200, "").Close, "the connection of a listener that is gone goes on")
	gone.wantEnd()
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(folder, "a"))
		return os.IsNotExist(err)
	}, patience, 1e6, "the socket of a listener that is gone is still there")
}

// A configuration that cannot be put to use as a whole changes nothing.
func TestReloadAllOrNothing(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	p.backend("a").Serve(answerAll)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	before := p.snapshot.Load()
	socket := filepath.Join(t.TempDir(), "s")
	err = p.change("backends: [$a]\nmetrics_path: /other\nlisteners: [{addr: '127.0.0.1:0'}, {addr: 'unix:" + socket + "'}, {addr: '" + taken.Addr().String() + "'}]")
	require.ErrorContains(t, err, "listeners[2].addr: ")
	require.Same(t, before, p.snapshot.Load())
	_, err = os.Stat(socket)
	require.ErrorIs(t, err, os.ErrNotExist, "a listener was left open")
	c := p.connect()
	c.get("/0")
	c.want(200, "")
}

// A file that is wrong changes nothing, and is logged with the place of its
// mistake; the metrics tell.
func TestReloadBadFile(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	p.Path = filepath.Join(t.TempDir(), "proxy.yaml")
	p.Source = config.Source{Strategies: pool.Strategies()}
	write := func(text string) { require.NoError(t, os.WriteFile(p.Path, []byte(text), 0o600)) }
	good := "listen_addr: '127.0.0.1:0'\nadmin_addr: ''\nbackends: ['http://" + p.backend("a").Addr + "']\n"

	write(good + "timeouts: {connect: 1x}\n")
	require.ErrorContains(t, p.Reload(), "proxy.yaml:4:12: timeouts.connect: ")
	require.Contains(t, p.log.String(), "proxy.yaml:4:12: timeouts.connect: ")
	require.Equal(t, "0", p.metric("proxy_config_last_reload_successful"))
	require.Equal(t, "1", p.metric(`proxy_config_reloads_total{result="failure"}`))
	write(good)
	require.NoError(t, p.Reload())
	require.Equal(t, "1", p.metric("proxy_config_last_reload_successful"))
	require.Equal(t, "1", p.metric(`proxy_config_reloads_total{result="success"}`))
	require.NotEqual(t, "0", p.metric("proxy_config_last_reload_success_timestamp_seconds"))
}

// A proxy that stops changes nothing any more.
func TestReloadWhileStopping(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	require.NoError(t, p.stop())
	require.ErrorIs(t, p.change("backends: [$a]"), ErrStopping)
}

// A Unix socket whose owner is gone is replaced, one that is listened on is not.
func TestSocketInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	_, err = OpenSocket(config.Listener{Addr: "unix:" + path, SocketMode: 0o660})
	require.Error(t, err, "it took the socket of somebody else")
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, ln.Close())
	s, err := OpenSocket(config.Listener{Addr: "unix:" + path, SocketMode: 0o660})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// Two processes can listen on one port when both are told to.
func TestReusePort(t *testing.T) {
	first, err := OpenSocket(config.Listener{Addr: "127.0.0.1:0", ReusePort: true})
	require.NoError(t, err)
	defer first.Close()
	second, err := OpenSocket(config.Listener{Addr: first.Addr().String(), ReusePort: true})
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

// With shutdown_delay, a stop is first announced: /readyz says so, every response
// ends its connection, and clients are still served.
func TestShutdownDelay(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {shutdown_delay: 1s}")
	p.backend("a").Serve(answerAll)
	c := p.connect()
	c.get("/0")
	require.False(t, c.want(200, "").Close)
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	require.Eventually(t, p.leaving.Load, patience, 1e6)
	require.Equal(t, "stopping", p.notReady())
	require.Eventually(t, p.snapshot.Load().listeners[0].closing.Load, patience, 1e6)
	c.get("/0")
	require.True(t, c.want(200, "").Close)
	fresh := p.connect()
	fresh.get("/0")
	require.True(t, fresh.want(200, "").Close)
	require.NoError(t, <-stopped)
}

// What a reload keeps goes on as if nothing had happened: connections, counters,
// what clients owe. What it removes gets no request any more and ends the one under
// way, and what it adds takes its place.
func TestReloadBackends(t *testing.T) {
	const limited = "\nrate_limit: {rps: 0.001, burst: "
	p := startProxy(t, "backends: [$a]"+limited+"4}")
	p.backends["b"] = pooltest.New(t)
	p.backend("b").Serve(answerAll)
	c := p.connect()
	c.get("/1")
	kept := p.backend("a").Accept()
	kept.Receive()
	kept.Reply(200, "x")
	c.want(200, "x")
	p.wantMetric("proxy_requests_inflight", "0")

	require.NoError(t, p.change("backends: [$a]\ntimeouts: {response_header: 7s}"+limited+"3}"))
	c.get("/2")
	kept.Receive()
	require.NoError(t, p.change("backends: [$b]"+limited+"3}"))
	other := p.connect()
	other.get("/0")
	other.want(200, "")
	series := `proxy_backend_draining{pool="default",backend="` + p.backend("a").Addr + `"}`
	require.Equal(t, "1", p.metric(series))
	kept.Reply(200, "x")
	c.want(200, "x")
	require.Empty(t, kept.Ended())
	require.Equal(t, 1, p.backend("a").Connections())
	p.wantMetric(`proxy_requests_total{pool="default",code="2xx"}`, "3")
	other.get("/0")
	other.wantReject(429, "http_request_denied")
}

// Pools come and go with their routes.
func TestReloadPools(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	p.backend("a").Serve(answerAll)
	require.NoError(t, p.change("backends: [$a]\npools: {api: {backends: [$a]}}\nroutes: [{path: /1, pool: api}]"))
	c := p.connect()
	c.get("/1")
	c.want(200, "\x00")
	p.wantMetric(`proxy_requests_total{pool="api",code="2xx"}`, "1")
	require.NoError(t, p.change("backends: [$a]"))
	c.get("/1")
	c.want(200, "\x00")
	p.wantMetric(`proxy_requests_total{pool="default",code="2xx"}`, "1")
}

// Certificates of backends are read again; connections stay when they are the same.
func TestReloadKeepsSecurity(t *testing.T) {
	p := startProxy(t, "backends: ['https://127.0.0.1:1']\nhealth_check_interval: 0s")
	before := p.snapshot.Load().pools[0].secure
	require.NoError(t, p.change("backends: ['https://127.0.0.1:1']\nhealth_check_interval: 0s\nretries: {attempts: 1}"))
	require.Equal(t, before, p.snapshot.Load().pools[0].secure)
	require.NoError(t, p.change("backends: ['https://127.0.0.1:1']\nhealth_check_interval: 0s\nbackend_tls: {server_name: other}"))
	require.NotEqual(t, before, p.snapshot.Load().pools[0].secure)
}

// What operators have set goes over to the process that takes over.
func TestHandOverState(t *testing.T) {
	p := startProxy(t, "backends: [$a, $b]")
	require.NoError(t, p.snapshot.Load().pools[0].Drain(p.backend("a").Addr, false))
	data, err := p.State()
	require.NoError(t, err)

	c, err := p.parse("backends: [$a, $b]")
	require.NoError(t, err)
	next, err := New(c, slog.New(slog.NewTextHandler(p.log, nil)))
	require.NoError(t, err)
	require.NoError(t, next.Restore(data))
	require.Equal(t, pool.Draining, next.snapshot.Load().pools[0].Backends()[0].State())
	require.Error(t, next.Restore([]byte("{")))
}
