package config

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever the file says, Parse returns a config or problems with places in
// the file, never both or neither, and the same each time.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := Source{Name: "F", Data: data, Strategies: strategies}
		c, err := Parse(s)
		again, errAgain := Parse(s)
		require.Equal(t, c, again)
		require.Equal(t, err, errAgain)
		if err == nil {
			requireWhole(t, c)
			return
		}
		require.Nil(t, c)
		requirePlaced(t, data, err)
	})
}

// Whatever text a value is replaced with, it is valid or its own problem.
func FuzzOverride(f *testing.F) {
	for _, k := range Keys() {
		f.Add(k.Path, strings.Trim(k.Default, `"`))
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		s := Source{Data: []byte("backends: [http://a]"), Set: []string{path + "=" + text}, Strategies: strategies}
		c, err := Parse(s)
		if err == nil {
			requireWhole(t, c)
			return
		}
		var e *Error
		require.True(t, errors.As(err, &e))
		require.NotEmpty(t, e.Problems)
		require.Zero(t, e.Problems[0].Line)
		require.NotContains(t, e.Problems[0].String(), "\n")
	})
}

// requirePlaced checks that every problem stands on one line and points into
// the file, in order.
func requirePlaced(t *testing.T, data []byte, err error) {
	t.Helper()
	var e *Error
	require.True(t, errors.As(err, &e))
	require.NotEmpty(t, e.Problems)
	lines := strings.Split(strings.TrimPrefix(string(data), "\xef\xbb\xbf"), "\n")
	for i, p := range e.Problems {
		require.NotContains(t, p.String(), "\n")
		require.NotEmpty(t, p.Message)
		require.True(t, 1 <= p.Line && p.Line <= len(lines), "line %d of %d: %s", p.Line, len(lines), p)
		width := utf8.RuneCountInString(lines[p.Line-1])
		require.True(t, 1 <= p.Column && p.Column <= width+1, "column %d of %d: %s", p.Column, width, p)
		if i > 0 {
			last := e.Problems[i-1]
			require.True(t, last.Line < p.Line || last.Line == p.Line && last.Column <= p.Column, "%s before %s", last, p)
		}
	}
}

func requireListener(t *testing.T, l Listener) {
	t.Helper()
	if !strings.HasPrefix(l.Addr, "unix:/") {
		_, _, err := net.SplitHostPort(l.Addr)
		require.NoError(t, err)
	}
	for _, p := range l.TrustedProxies {
		require.True(t, p.IsValid() && p == p.Masked(), "%s", p)
	}
	require.True(t, !l.ProxyProtocol || len(l.TrustedProxies) > 0)
	require.True(t, !l.TLS.On() || l.RedirectHTTPS == 0)
	for _, c := range l.TLS.Certificates {
		require.True(t, c.CertFile != "" && c.KeyFile != "")
	}
	require.True(t, (l.TLS.ClientAuth == "none") == (l.TLS.ClientCAFile == ""))
}

// requireWhole checks what the rest of the program takes for granted.
func requireWhole(t *testing.T, c *Config) {
	t.Helper()
	require.NotEmpty(t, c.Listeners)
	for _, l := range c.Listeners {
		requireListener(t, l)
		require.NotEqual(t, l.Addr, c.AdminAddr)
	}
	require.True(t, c.AdminAddr == "" || IsLoopback(c.AdminAddr) || strings.HasPrefix(c.AdminAddr, "unix:/") || len(c.AdminToken) >= minToken)
	require.True(t, c.MetricsPath == "" || c.MetricsPath[0] == '/')
	require.True(t, c.RateLimit.RPS >= 0 && c.RateLimit.RPS <= 1e5 && c.RateLimit.Burst > 0 && c.RateLimit.MaxClients > 0)
	require.True(t, c.RateLimit.IPv6Prefix >= 1 && c.RateLimit.IPv6Prefix <= 128)
	for _, d := range []time.Duration{
		c.Timeouts.ClientHeader, c.Timeouts.ClientBody, c.Timeouts.ClientIdle, c.Timeouts.ClientWrite, c.Timeouts.Connect,
		c.Timeouts.ResponseHeader, c.Timeouts.ResponseBody, c.Timeouts.BackendIdle, c.Timeouts.TLSHandshake, c.Timeouts.Tunnel,
		c.Timeouts.Shutdown,
	} {
		require.True(t, d >= time.Millisecond && d <= 24*time.Hour, "%s", d)
	}
	require.True(t, c.Limits.MaxConnections >= 0 && c.Limits.MaxHeaderBytes >= 1024 && c.Limits.MaxBodyBytes >= 0)
	require.True(t, c.Limits.MaxTargetBytes >= 1024 && c.Limits.MaxFields >= 1)
	require.True(t, c.Retries.Attempts >= 1 && c.Retries.Budget >= 0 && c.Retries.Budget <= 1)

	require.NotEmpty(t, c.Pools)
	var pools []string
	for _, p := range c.Pools {
		require.NotContains(t, pools, p.Name)
		pools = append(pools, p.Name)
		requireWholePool(t, p)
	}
	match := map[Route]bool{}
	for _, r := range c.Routes {
		require.Contains(t, pools, r.Pool)
		require.Equal(t, strings.ToLower(r.Host), r.Host)
		require.True(t, r.Path == "/" || r.Path[0] == '/' && !strings.HasSuffix(r.Path, "/"), r.Path)
		r.Pool, r.Connect = "", false
		require.False(t, match[r], "%v twice", r)
		match[r] = true
	}
}

func requireWholePool(t *testing.T, p Pool) {
	t.Helper()
	require.Regexp(t, `^[a-z0-9_-]{1,63}$`, p.Name)
	require.Contains(t, strategies, p.Strategy)
	require.NotEmpty(t, p.Backends)
	var addrs []string
	for _, b := range p.Backends {
		if path, ok := strings.CutPrefix(b.Addr, "unix:"); ok {
			require.True(t, path[0] == '/' && len(path) <= maxSocketPath && !b.TLS, path)
		} else {
			host, port, err := net.SplitHostPort(b.Addr)
			require.NoError(t, err)
			require.True(t, host != "" && port != "" && port != "0", b.Addr)
		}
		require.True(t, b.Weight >= 1 && b.MaxConns >= 1)
		addrs = append(addrs, b.Addr)
	}
	slices.Sort(addrs)
	require.Len(t, slices.Compact(addrs), len(p.Backends), "no backend twice")

	require.Equal(t, p.TLS.CertFile == "", p.TLS.KeyFile == "")

	h := p.HealthCheck
	require.True(t, h.Path[0] == '/' && h.Timeout > 0 && h.Interval >= 0 && h.Rise >= 1 && h.Fall >= 1)
	require.NotEmpty(t, h.Status)
	for _, s := range h.Status {
		require.True(t, 100 <= s.From && s.From <= s.To && s.To <= 599, "%v", s)
	}
}
