package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
)

var strategies = []string{"least_conn", "round_robin"}

const seedForm = `
listen_addr: ":8080"
health_check_interval: 5s
backends:
  - http://127.0.0.1:9001
  - http://127.0.0.1:9002
rate_limit:
  rps: 10.0
  burst: 10
`

// The five-line form loads, and everything it does not say has its default.
func TestSeedForm(t *testing.T) {
	want := &Config{
		Listeners:   []Listener{{Addr: ":8080", SocketMode: 0o660, TLS: plainListener}},
		AdminAddr:   "127.0.0.1:9901",
		AdminMode:   0o600,
		MetricsPath: "/metrics",
		RateLimit:   RateLimit{RPS: 10, Burst: 10, MaxClients: 262144, IPv6Prefix: 64},
		Timeouts: Timeouts{
			ClientHeader: 10 * time.Second, ClientBody: 30 * time.Second, ClientIdle: 90 * time.Second, ClientWrite: 30 * time.Second,
			Connect: 2 * time.Second, ResponseHeader: 30 * time.Second, ResponseBody: 60 * time.Second, BackendIdle: 20 * time.Second,
			TLSHandshake: 5 * time.Second, Tunnel: time.Hour, Shutdown: 30 * time.Second,
		},
		Limits:    Limits{MaxHeaderBytes: 16 << 10, MaxTargetBytes: 8 << 10, MaxFields: 128},
		Retries:   Retries{Attempts: 3, Budget: 0.2},
		AccessLog: AccessLog{Format: "json", Sample: 1},
		Pools: []Pool{{
			Name:     "default",
			Strategy: "least_conn",
			Backends: []Backend{
				{Addr: "127.0.0.1:9001", Weight: 1, MaxConns: 512},
				{Addr: "127.0.0.1:9002", Weight: 1, MaxConns: 512},
			},
			HealthCheck: HealthCheck{
				Path: "/", Interval: 5 * time.Second, Timeout: 2 * time.Second, Rise: 2, Fall: 3, Status: []StatusRange{{200, 499}},
			},
		}},
	}
	require.Equal(t, want, parse(t, seedForm))
	require.Equal(t, want, parse(t, "backends: [http://127.0.0.1:9001, http://127.0.0.1:9002]"), "the other four lines are the defaults")
}

// plainListener is the TLS of a listener that speaks none.
var plainListener = ListenerTLS{MinVersion: "1.2", ClientAuth: "none"}

// Each of several listeners has its own settings; those it does not say are the
// defaults, and the trusted proxies of the top level.
func TestListeners(t *testing.T) {
	c := parse(t, `
trusted_proxies: [10.0.0.0/8]
listeners:
  - {addr: ":80", redirect_https: 443}
  - {addr: ":443", tls: {cert_file: a.pem, key_file: a.key}, trusted_proxies: []}
  - {addr: "unix:/run/proxy.sock", socket_mode: "0600", proxy_protocol: true}
backends: [http://127.0.0.1:9001]`)
	secured := plainListener
	secured.Certificates = []CertificateFiles{{"a.pem", "a.key"}}
	inherited := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	require.Equal(t, []Listener{
		{Addr: ":80", SocketMode: 0o660, RedirectHTTPS: 443, TrustedProxies: inherited, TLS: plainListener},
		{Addr: ":443", SocketMode: 0o660, TLS: secured},
		{Addr: "unix:/run/proxy.sock", SocketMode: 0o600, ProxyProtocol: true, TrustedProxies: inherited, TLS: plainListener},
	}, c.Listeners)
}

// A file with every key comes out as it went in, and pools inherit what they do
// not say.
func TestFullForm(t *testing.T) {
	got, err := Load("testdata/good/full.yaml", Source{Strategies: strategies})
	require.NoError(t, err)

	check := HealthCheck{Path: "/health?full=1", Interval: 90 * time.Second, Timeout: 500 * time.Millisecond, Rise: 1, Fall: 5, Status: []StatusRange{{200, 299}, {404, 404}}}
	apiCheck := check
	apiCheck.Path, apiCheck.Status = "/ready", []StatusRange{{200, 200}, {300, 399}}
	secured := BackendTLS{
		CAFile: "/etc/proxy/ca.pem", CertFile: "/etc/proxy/cert.pem", KeyFile: "/etc/proxy/key.pem",
		ServerName: "backends.example", InsecureSkipVerify: true,
	}
	require.Equal(t, &Config{
		Listeners: []Listener{{
			Addr: "0.0.0.0:80", SocketMode: 0o600, ReusePort: true, ProxyProtocol: true,
			TrustedProxies: []netip.Prefix{
				netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"),
				netip.MustParsePrefix("192.0.2.2/32"), netip.MustParsePrefix("fd00::/8"),
			},
			TLS: ListenerTLS{
				Certificates: []CertificateFiles{{"/etc/proxy/site.pem", "/etc/proxy/site.key"}, {"/etc/proxy/other.pem", "/etc/proxy/other.key"}},
				MinVersion:   "1.3", Ciphers: []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
				ClientCAFile: "/etc/proxy/clients.pem", ClientAuth: "optional", HSTS: 24 * time.Hour,
			},
		}},
		AdminAddr:  "unix:/run/proxy.sock",
		AdminMode:  0o660,
		AdminToken: "full-of-secrets-0123",
		Via:        "edge-1.example",
		RateLimit:  RateLimit{RPS: 0.5, Burst: 1, MaxClients: 1024, IPv6Prefix: 56},
		Timeouts: Timeouts{
			ClientHeader: time.Second, ClientBody: 2 * time.Second, ClientIdle: 3 * time.Second, ClientWrite: 4 * time.Second,
			Connect: 5 * time.Second, ResponseHeader: 6 * time.Second, ResponseBody: 7 * time.Second, BackendIdle: 8 * time.Second,
			TLSHandshake: 10 * time.Second, Tunnel: 11 * time.Second, ShutdownDelay: 12 * time.Second, Shutdown: 9 * time.Second,
		},
		Limits:  Limits{MaxConnections: 10000, MaxHeaderBytes: 64 << 10, MaxTargetBytes: 4 << 10, MaxFields: 64, MaxBodyBytes: 10e6},
		Retries: Retries{Attempts: 1},

		RequestID: "X-Request-ID",
		AccessLog: AccessLog{Path: "/var/log/proxy.log", Format: "${client} ${status}", Sample: 0.5, Only: accesslog.Choice{Errors: true, SlowerThan: 500 * time.Millisecond}},

		Pools: []Pool{
			{Name: "default", Strategy: "round_robin", HealthCheck: check, TLS: secured, Backends: []Backend{
				{Addr: "a.example:80", Weight: 1, MaxConns: 512},
				{Addr: "[2001:db8::1]:8080", Weight: 2, MaxConns: 64, Backup: true},
				{Addr: "b.example:443", TLS: true, Weight: 1, MaxConns: 512},
				{Addr: "10.0.0.3:8443", TLS: true, Weight: 1, MaxConns: 512},
				{Addr: "unix:/run/app.sock", Weight: 1, MaxConns: 512},
				{Addr: "unix:/run/app-2.sock", Weight: 3, MaxConns: 512},
			}},
			{Name: "api", Strategy: "least_conn", HealthCheck: apiCheck,
				TLS:      BackendTLS{CAFile: "/etc/proxy/ca.pem", ServerName: "10.0.0.1"},
				Backends: []Backend{{Addr: "10.0.0.1:8080", Weight: 1, MaxConns: 512}}},
			{Name: "static", Strategy: "round_robin", HealthCheck: check, TLS: secured, Backends: []Backend{{Addr: "10.0.0.2:80", Weight: 1, MaxConns: 512}}},
		},
		Routes: []Route{
			{Host: "api.example.com", Path: "/v1", Pool: "api"},
			{Host: "*.example.com", Path: "/", Pool: "static", Connect: true},
			{Path: "/static", Pool: "static"},
			{Host: "192.0.2.7", Path: "/", Pool: "default"},
		},
	}, got)
}

// Every file in testdata/good loads into a config that keeps its promises.
func TestGoodFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := Load(file, Source{Strategies: strategies})
			require.NoError(t, err)
			requireWhole(t, c)
		})
	}
}

// A byte order mark and the line ends of Windows change nothing.
func TestWindowsText(t *testing.T) {
	require.Equal(t, parse(t, seedForm), parse(t, "\xef\xbb\xbf"+strings.ReplaceAll(seedForm, "\n", "\r\n")))
}

// The order of keys does not matter: a pool inherits what stands below it.
func TestInheritanceIgnoresOrder(t *testing.T) {
	c := parse(t, "routes: [{pool: a}]\npools: {a: {backends: [http://a]}}\nhealth_check: {rise: 9}\nstrategy: round_robin\n")
	require.Len(t, c.Pools, 1)
	require.Equal(t, 9, c.Pools[0].HealthCheck.Rise)
	require.Equal(t, "round_robin", c.Pools[0].Strategy)
}

// A file that is not there, cannot be read or is too large is an error that
// names it.
func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.yaml")
	_, err := Load(missing, Source{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, "config: "+missing+": file does not exist; create it (a list of backends is enough) or name another file", err.Error())

	_, err = Load(dir, Source{})
	require.ErrorContains(t, err, dir)

	large := filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(large, make([]byte, MaxBytes+1), 0o600))
	_, err = Load(large, Source{})
	require.EqualError(t, err, large+":1:1: the file is larger than 4 MiB")
}

// A strategy is known only when the caller says so.
func TestStrategiesComeFromTheCaller(t *testing.T) {
	_, err := Parse(Source{Data: []byte("strategy: least_conn\nbackends: [http://a]")})
	require.ErrorContains(t, err, "unknown strategy")
}

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse(Source{Data: []byte(text), Strategies: strategies})
	require.NoError(t, err)
	return c
}

// problems returns the lines of what is wrong, without the name of the file.
func problems(t *testing.T, s Source) []string {
	t.Helper()
	s.Name, s.Strategies = "F", strategies
	c, err := Parse(s)
	require.Nil(t, c)
	var e *Error
	require.True(t, errors.As(err, &e), "%v", err)
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, strings.TrimPrefix(p.String(), "F:"))
	}
	return lines
}

// A colon ends a key only before a space, inside of brackets and braces too.
func TestColonsInFlowStyle(t *testing.T) {
	c, err := Load("testdata/good/flow.yaml", Source{Strategies: strategies})
	require.NoError(t, err)
	addrs := func(p Pool) (addrs []string) {
		for _, b := range p.Backends {
			addrs = append(addrs, b.Addr)
		}
		return addrs
	}
	require.Equal(t, []string{"127.0.0.1:9001", "127.0.0.1:9002", "[::1]:9003", "a:1"}, addrs(c.Pools[0]))
	require.Equal(t, []string{"a:9001", "b:9001", "c:9001"}, addrs(c.Pools[1]))
	require.Equal(t, "127.0.0.1:80", c.Listeners[0].Addr)
	require.Equal(t, "[::1/128 fd00::/8 10.0.0.0/8 ::2/128]", fmt.Sprint(c.Listeners[0].TrustedProxies))
	require.Equal(t, []Route{{Path: "/a:b", Pool: "api"}, {Host: "a.example", Path: "/a:b/c:d", Pool: "api"}}, c.Routes)
}
