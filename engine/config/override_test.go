package config

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The environment is stronger than the file, and Set is stronger than both.
func TestPrecedence(t *testing.T) {
	s := Source{
		Data:       []byte("backends: [http://a]\ntimeouts: {connect: 1s, client_body: 1s, client_idle: 1s}\n"),
		Env:        []string{"PROXY_TIMEOUTS_CLIENT_BODY=2s", "PROXY_TIMEOUTS_CLIENT_IDLE=2s"},
		Set:        []string{"timeouts.client_idle=3s", "timeouts.client_write=3s", "timeouts.client_write=4s"},
		Strategies: strategies,
	}
	c, err := Parse(s)
	require.NoError(t, err)
	require.Equal(t, time.Second, c.Timeouts.Connect, "from the file")
	require.Equal(t, 2*time.Second, c.Timeouts.ClientBody, "from the environment")
	require.Equal(t, 3*time.Second, c.Timeouts.ClientIdle, "from Set")
	require.Equal(t, 4*time.Second, c.Timeouts.ClientWrite, "the last of two Sets")
	require.Equal(t, 2*time.Second, c.Pools[0].HealthCheck.Timeout, "the default")
}

// Every kind of value can be given from outside the file, lists with commas.
func TestOverrideKinds(t *testing.T) {
	c, err := Parse(Source{
		Data: []byte("health_check_interval: 4s\nbackends: [{url: http://a, weight: 7}]\ntrusted_proxies: [10.0.0.0/8]\npools: {p: {backends: [http://p]}}\nroutes: [{pool: p}]\n"),
		Env: []string{
			"PROXY_LISTEN_ADDR=:9000", "PROXY_ADMIN_ADDR=", "PROXY_RATE_LIMIT_RPS=2.5", "PROXY_BACKENDS=http://b:1, http://c:2,",
			"PROXY_HEALTH_CHECK_INTERVAL=9s", "PROXY_HEALTH_CHECK_STATUS=200,300-301", "PROXY_TRUSTED_PROXIES=", "PROXY_STRATEGY=round_robin",
		},
		Set:        []string{"limits.max_body_bytes=1MiB", "backend_tls.insecure_skip_verify=true", "trusted_proxies=192.0.2.1", "metrics_path=/m=1"},
		Strategies: strategies,
	})
	require.NoError(t, err)
	require.Equal(t, ":9000", c.Listeners[0].Addr)
	require.Empty(t, c.AdminAddr)
	require.Equal(t, "/m=1", c.MetricsPath)
	require.Equal(t, 2.5, c.RateLimit.RPS)
	require.Equal(t, int64(1<<20), c.Limits.MaxBodyBytes)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, c.Listeners[0].TrustedProxies)
	require.Equal(t, []Backend{{Addr: "b:1", Weight: 1, MaxConns: 512}, {Addr: "c:2", Weight: 1, MaxConns: 512}}, c.Pools[0].Backends)
	for _, p := range c.Pools {
		require.Equal(t, 9*time.Second, p.HealthCheck.Interval, "pool %s inherits it", p.Name)
		require.Equal(t, []StatusRange{{200, 200}, {300, 301}}, p.HealthCheck.Status)
		require.Equal(t, "round_robin", p.Strategy)
		require.True(t, p.TLS.InsecureSkipVerify)
	}
}

// The environment alone can give the backends.
func TestOverrideWithoutFile(t *testing.T) {
	c, err := Parse(Source{Env: []string{"PROXY_BACKENDS=http://a"}, Strategies: strategies})
	require.NoError(t, err)
	require.Equal(t, "a:80", c.Pools[0].Backends[0].Addr)
}

// Variables of others are passed by; those that can only be slips are not.
func TestEnvironmentOfOthers(t *testing.T) {
	env := []string{
		"PROXY_URL=x", "PROXY_HOST=x", "PROXY_PORT_8080_TCP=tcp://10.0.0.1:8080", "PROXY_BACKENDS_SERVICE_HOST=x", "PROXY_LISTEN_ADR=x",
		"HTTP_PROXY=x", "proxy_listen_addr=x", "PROXY_=x", "PROXY", "",
	}
	c, err := Parse(Source{Data: []byte("backends: [http://a]"), Env: env, Strategies: strategies})
	require.NoError(t, err)
	require.Equal(t, ":8080", c.Listeners[0].Addr)

	require.Equal(t, []string{
		"environment PROXY_HEALTH_CHECK: health_check is a section (set one of its keys, such as PROXY_HEALTH_CHECK_PATH)",
		"environment PROXY_POOLS: pools: pools are set in the file only",
		"environment PROXY_POOLS_API_STRATEGY: pools are set in the file only",
		"environment PROXY_TIMEOUTS_CONECT: unknown variable (did you mean PROXY_TIMEOUTS_CONNECT?)",
		"environment PROXY_TIMEOUTS_X: unknown variable",
	}, problems(t, Source{Data: []byte("backends: [http://a]"), Env: []string{
		"PROXY_TIMEOUTS_X=1h", "PROXY_TIMEOUTS_CONECT=1s", "PROXY_HEALTH_CHECK=x", "PROXY_POOLS_API_STRATEGY=x", "PROXY_POOLS=x",
	}}))
}

// A wrong value from outside the file says where it came from, after the
// problems of the file.
func TestOverrideProblems(t *testing.T) {
	require.Equal(t, []string{
		"1:1: nope: unknown key",
		`environment PROXY_BACKENDS: backends[1]: "b" is not a URL (want http://host:port, https://host:port or unix:/path)`,
		"environment PROXY_HEALTH_CHECK_INTERVAL: health_check_interval: 5 has no unit (write 5s for seconds)",
		`environment PROXY_RATE_LIMIT_BURST: rate_limit.burst: "" is not a whole number (want 1 to 1000000)`,
		"--set nope: want path=value, such as timeouts.connect=3s",
		"--set timeouts.conect=1s: timeouts.conect: unknown key (did you mean timeouts.connect?)",
		"--set connect=1s: connect: unknown key (did you mean timeouts.connect?)",
		"--set timeouts=1s: timeouts: is a section (set one of its keys, such as timeouts.client_header)",
		"--set pools.api.strategy=x: pools.api.strategy: pools are set in the file only",
		"--set routes=x: routes: routes are set in the file only",
		"--set tls.cert=x: tls.cert: unknown key",
		"--set =: unknown key",
		"--set admin_addr=:8080: admin_addr: :8080 can be reached from other machines: set admin_token too, or listen on 127.0.0.1 or unix:/path",
		"--set admin_addr=:8080: admin_addr: listen_addr (:8080) and admin_addr (:8080) are the same address",
	}, problems(t, Source{
		Data: []byte("nope: 1\nbackends: [http://a]\n"),
		Env:  []string{"PROXY_RATE_LIMIT_BURST=", "PROXY_HEALTH_CHECK_INTERVAL=5", "PROXY_BACKENDS=http://a,b"},
		Set: []string{
			"nope", "timeouts.conect=1s", "connect=1s", "timeouts=1s", "pools.api.strategy=x", "routes=x", "tls.cert=x", "admin_addr=:8080", "=",
		},
	}))
}
