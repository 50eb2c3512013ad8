package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// Reloads under load lose no request, whether they exchange the backends, change
// what a pool does, or fail.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	a, b, c := startBackend(t, ok), startBackend(t, ok), startBackend(t, ok)
	p := startProxy(t, "backends: [http://"+a.addr+", http://"+b.addr+"]")
	file := p.config
	h := startHammer(t, p.addr, 8)
	h.more(500)
	before := p.usage()
	configs := []string{
		"backends: [http://" + b.addr + ", http://" + c.addr + "]\nstrategy: round_robin",
		"backends: [http://" + c.addr + "]\nhealth_check: {interval: 20ms}\nrate_limit: {rps: 100000, burst: 100000}",
		"backends: [http://" + a.addr + "]\nhealth_check: {interval: 20ms}\nrate_limit: {rps: 50000, burst: 1000}",
		"backends: []",
		"backends: [http://" + a.addr + ", {url: http://" + b.addr + ", weight: 5}]\ntimeouts: {backend_idle: 1s}",
		"backends: [http://" + b.addr + ", http://" + a.addr + "]\npools: {x: {backends: [http://" + c.addr + "]}}\nroutes: [{path: /, pool: x}]",
	}
	reloads := 0
	for end := time.Now().Add(soakTime(t, 3*time.Second)); time.Now().Before(end); reloads++ {
		replaceFile(t, file, configs[reloads%len(configs)])
		p.signal(syscall.SIGHUP)
		waitFor(t, "the reload", func() bool { return p.reloads("success")+p.reloads("failure") == reloads+1 })
		h.more(50)
		<-time.After(100 * time.Millisecond)
	}
	replaceFile(t, file, "backends: [http://"+a.addr+", http://"+b.addr+"]")
	p.signal(syscall.SIGHUP)
	waitFor(t, "all reloads", func() bool { return p.reloads("success")+p.reloads("failure") == reloads+1 })
	h.more(500)
	h.wantNoFailure()
	require.NotZero(t, p.reloads("failure"))
	require.NotZero(t, c.requests.Load())
	p.wantNoGrowth(before)
}

// reloads returns how many reloads had that result.
func (p *tester) reloads(result string) int {
	n, err := strconv.Atoi(value(p.scrape(), `proxy_config_reloads_total{result="`+result+`"}`))
	require.NoError(p.t, err)
	return n
}

// replaceFile replaces a configuration, as an editor does, and leaves the listeners as
// they are.
func replaceFile(t *testing.T, path, yaml string) {
	t.Helper()
	fresh := writeConfig(t, yaml)
	require.NoError(t, os.Rename(fresh, path))
}

// With --watch, a changed file is put to use without a signal: in place, renamed
// over, or behind a symbolic link, as Kubernetes mounts it.
func TestWatch(t *testing.T) {
	t.Parallel()
	a, b := startBackend(t, ok), startBackend(t, slow(0))
	folder := t.TempDir()
	version := func(name, yaml string) {
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o700))
		require.NoError(t, os.Rename(writeConfig(t, yaml), filepath.Join(folder, name, "proxy.yaml")))
		next := filepath.Join(folder, "..tmp")
		require.NoError(t, os.Symlink(name, next))
		require.NoError(t, os.Rename(next, filepath.Join(folder, "..data")))
	}
	version("..1", "backends: [http://"+a.addr+"]")
	link := filepath.Join(folder, "proxy.yaml")
	require.NoError(t, os.Symlink(filepath.Join("..data", "proxy.yaml"), link))
	p := startProxyAt(t, link, "run", "--watch")
	version("..2", "backends: [http://"+b.addr+"]")
	waitFor(t, "the reload", func() bool { return p.reloads("success") == 1 })
	_, err := p.connect("127.0.0.1").get("/")
	require.NoError(t, err)
	require.EqualValues(t, 1, b.requests.Load())
	replaceFile(t, filepath.Join(folder, "..2", "proxy.yaml"), "backends: [http://"+b.addr+", nonsense]")
	waitFor(t, "the failure", func() bool { return p.reloads("failure") == 1 })
	p.waitLog("reload failed", "proxy.yaml:1:")
}

// Draining a backend and bringing it back, in turn, and moving weights lose no
// request; while it is drained a backend gets none.
func TestDrainsUnderLoad(t *testing.T) {
	t.Parallel()
	a, b := startBackend(t, ok), startBackend(t, ok)
	p := startProxy(t, "backends: [http://"+a.addr+", http://"+b.addr+"]")
	command := func(args ...string) {
		code, _, stderr := runProgram(t, nil, append(args, "--admin", p.admin)...)
		require.Zero(t, code, stderr)
	}
	h := startHammer(t, p.addr, 8)
	h.more(500)
	before := p.usage()
	for end := time.Now().Add(soakTime(t, 2*time.Second)); time.Now().Before(end); {
		for _, one := range []*backend{a, b} {
			command("drain", one.addr)
			waitFor(t, "the end of what it had", func() bool {
				return value(p.scrape(), `proxy_backend_inflight{pool="default",backend="`+one.addr+`"}`) == "0"
			})
			h.more(20)
			had := one.requests.Load()
			h.more(50)
			require.Equal(t, had, one.requests.Load(), "a drained backend got a request")
			command("weight", one.addr, "3")
			command("undrain", one.addr)
			waitFor(t, "requests for it", func() bool { return one.requests.Load() > had })
			command("weight", one.addr, "default")
		}
	}
	h.wantNoFailure()
	p.wantNoGrowth(before)
}

// Certificates that are renewed on disk under load fail no handshake and no request,
// and are what clients see in the end.
func TestCertificatesUnderLoad(t *testing.T) {
	t.Parallel()
	a := startBackend(t, ok)
	authority := certstest.NewAuthority(t)
	folder := t.TempDir()
	cert, key := authority.IssueFor("proxy.test").Write(t, folder)
	p := startProxy(t, fmt.Sprintf("backends: [http://%s]\ntls: {cert_file: %q, key_file: %q}", a.addr, cert, key))
	roots := x509.NewCertPool()
	roots.AddCert(authority.Cert)
	trust := &tls.Config{RootCAs: roots, ServerName: "proxy.test"}
	dial := func() (net.Conn, error) { return tls.Dial("tcp", p.addr, trust) }
	shown := func() *x509.Certificate {
		nc, err := dial()
		require.NoError(t, err)
		defer nc.Close()
		return nc.(*tls.Conn).ConnectionState().PeerCertificates[0]
	}
	h := startHammerBy(t, 8, dial)
	h.more(500)
	before := p.usage()
	for end := time.Now().Add(soakTime(t, time.Second)); time.Now().Before(end); {
		old := shown()
		nextCert, nextKey := authority.IssueFor("proxy.test").Write(t, t.TempDir())
		require.NoError(t, os.Rename(nextCert, cert))
		h.more(20)
		require.NoError(t, os.Rename(nextKey, key))
		waitFor(t, "the new certificate", func() bool { return !shown().Equal(old) })
		h.more(100)
	}
	h.wantNoFailure()
	p.wantNoGrowth(before)
}

// pid reads a pid file.
func pid(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	return n
}

// startUpgradable starts a proxy that writes its process id to a file.
func startUpgradable(t *testing.T, yaml string) (p *tester, pidFile string) {
	t.Helper()
	pidFile = filepath.Join(t.TempDir(), "pid")
	// Sockets are handed over by the address that the configuration has for them.
	p = startProxy(t, yaml+"\nadmin_addr: '127.0.0.2:0'", "--pid-file", pidFile)
	p.stop = func() { // the process that was started is not the one that serves
		require.NoError(t, syscall.Kill(pid(t, pidFile), syscall.SIGTERM))
		<-p.exited
	}
	waitFor(t, "the first process id", func() bool { return pid(t, pidFile) != 0 })
	return p, pidFile
}

// Binary upgrades in a row under load refuse no connection and break no request.
func TestUpgradesUnderLoad(t *testing.T) {
	t.Parallel()
	a, b := startBackend(t, ok), startBackend(t, ok)
	p, file := startUpgradable(t, "backends: [http://"+a.addr+", http://"+b.addr+"]\ntimeouts: {shutdown: 4s}")
	h := startHammer(t, p.addr, 8)
	h.more(500)
	upgrades := 2
	if os.Getenv("SOAK") != "" {
		upgrades = 20
	}
	before := p.usage()
	for range upgrades {
		old := pid(t, file)
		require.NoError(t, syscall.Kill(old, syscall.SIGUSR2))
		waitFor(t, "the next process", func() bool { return pid(t, file) != old })
		waitFor(t, "the end of the one before", func() bool { return syscall.Kill(old, 0) != nil || isZombie(old) })
		h.more(200)
	}
	h.wantNoFailure()
	p.wantNoGrowth(before)
}

// A tunnel lives on through a reload that removes its backend and through an upgrade;
// the old process ends when the tunnel does.
func TestTunnelOutlivesChanges(t *testing.T) {
	t.Parallel()
	a := startBackend(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("Connection", "Upgrade")
		ctx.Response.Header.Set("Upgrade", "echo")
		ctx.SetStatusCode(101)
		ctx.Hijack(func(nc net.Conn) { _, _ = io.Copy(nc, nc) })
	})
	b := startBackend(t, ok)
	p, file := startUpgradable(t, "backends: [http://"+a.addr+"]")
	c := p.connect("127.0.0.1")
	require.NoError(t, c.send("/", "Connection: Upgrade", "Upgrade: echo"))
	resp, err := http.ReadResponse(c.r, nil)
	require.NoError(t, err)
	require.Equal(t, 101, resp.StatusCode)
	echo := func(text string) {
		_, err := io.WriteString(c, text)
		require.NoError(t, err)
		got := make([]byte, len(text))
		_, err = io.ReadFull(c.r, got)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
	echo("before")
	replaceFile(t, p.config, "backends: [http://"+b.addr+"]\nadmin_addr: '127.0.0.2:0'")
	p.signal(syscall.SIGHUP)
	waitFor(t, "the reload", func() bool { return p.reloads("success") == 1 })
	echo("after a reload")
	old := pid(t, file)
	p.signal(syscall.SIGUSR2)
	waitFor(t, "the next process", func() bool { return pid(t, file) != old })
	echo("after an upgrade")
	got, err := p.connect("127.0.0.1").get("/")
	require.NoError(t, err)
	require.Equal(t, "ok\n", got.body)
	require.False(t, isZombie(old), "the old process left its tunnel")
	require.NoError(t, c.Close())
	waitFor(t, "the end of the old process", func() bool { return isZombie(old) })
}

// isZombie reports whether a process has ended and only waits for its parent to
// notice.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// A new process that cannot start changes nothing: the old one goes on, and says
// that it did not work and why.
func TestFailedUpgrade(t *testing.T) {
	t.Parallel()
	a := startBackend(t, ok)
	p, file := startUpgradable(t, "backends: [http://"+a.addr+"]")
	h := startHammer(t, p.addr, 4)
	h.more(100)
	old := pid(t, file)
	replaceFile(t, p.config, "backends: [http://"+a.addr+"]\nnonsense: 1")
	require.NoError(t, syscall.Kill(old, syscall.SIGUSR2))
	p.waitLog("upgrade failed")
	p.waitLog("proxy.yaml:2:1: nonsense: unknown key")
	h.more(100)
	require.Equal(t, old, pid(t, file))
	replaceFile(t, p.config, "backends: [http://"+a.addr+"]")
	require.NoError(t, syscall.Kill(old, syscall.SIGUSR2))
	waitFor(t, "the next process", func() bool { return pid(t, file) != old })
	h.more(100)
	h.wantNoFailure()
}

// A stop behind a load balancer: with shutdown_delay, whoever still comes is served
// and told to go, and nothing fails until the balancer has stopped sending.
func TestStopBehindLoadBalancer(t *testing.T) {
	t.Parallel()
	a := startBackend(t, ok)
	p := startProxy(t, "backends: [http://"+a.addr+"]\ntimeouts: {shutdown_delay: 1s}")
	h := startHammer(t, p.addr, 4)
	h.more(100)
	p.signal(syscall.SIGTERM)
	waitFor(t, "not ready", func() bool { return p.ready() == 503 })
	h.more(100)
	h.wantNoFailure()
	require.Zero(t, p.wait())
}
