package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool returns the path of a program that not everybody has. CI, where
// REQUIRE_TOOLS is set, must have it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("REQUIRE_TOOLS") == "" {
		t.Skipf("%s is not installed", name)
	}
	require.NoError(t, err)
	return path
}

// traffic makes a proxy with two pools that has limited, rejected, retried and
// served requests, and returns scrapes from before and after that.
func traffic(t *testing.T) (before, after string) {
	t.Helper()
	b := startBackend(t, ok)
	p := startProxy(t, fmt.Sprintf(`
backends: [http://%s, http://%s]
rate_limit: {rps: 0.001, burst: 20}
pools:
  api: {backends: [http://%s]}
routes:
  - {path: /api, pool: api}
`, b.addr, freeAddr(t), b.addr))
	before = p.scrape()
	for _, path := range []string{"/", "/api"} {
		c := p.connect("127.0.0.1")
		for range 20 {
			_, err := c.get(path)
			require.NoError(t, err)
		}
	}
	waitFor(t, "the last request is counted", func() bool {
		after = p.scrape()
		return value(after, "proxy_requests_inflight") == "0"
	})
	return before, after
}

// series are the names and labels in a scrape.
func series(scrape string) (names []string) {
	for line := range strings.Lines(scrape) {
		if !strings.HasPrefix(line, "#") {
			names = append(names, line[:strings.LastIndexByte(line, ' ')])
		}
	}
	slices.Sort(names)
	return names
}

// All series are there from the first scrape on, the counters at zero; traffic
// changes values only.
func TestSeriesExistFromTheStart(t *testing.T) {
	t.Parallel()
	before, after := traffic(t)
	names := series(before)
	require.Equal(t, names, series(after))
	require.Equal(t, slices.Compact(slices.Clone(names)), names, "a series is there twice")
	for _, name := range names {
		if strings.HasPrefix(name, "proxy_") && (strings.Contains(name, "_total{") || strings.Contains(name, "_count{")) {
			require.Equal(t, "0", value(before, name), name)
		}
	}
	require.NotEqual(t, "0", value(after, `proxy_requests_total{pool="default",code="2xx"}`))
	require.Equal(t, "20", value(after, `proxy_rejected_requests_total{reason="http_request_denied"}`))
	require.NotEqual(t, "0", value(after, "proxy_sent_bytes_total"))
}

// promtool finds nothing to say about a scrape.
func TestPromtool(t *testing.T) {
	t.Parallel()
	path := tool(t, "promtool")
	before, after := traffic(t)
	for _, scrape := range []string{before, after} {
		cmd := exec.Command(path, "check", "metrics")
		cmd.Stdin = strings.NewReader(scrape)
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Empty(t, string(said))
	}
}

const scrapeConfig = `
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: proxy
    static_configs: [{targets: [%q]}]
  - job_name: listener
    static_configs: [{targets: [%q]}]
`

// Prometheus scrapes the proxy, on the admin listener and on the proxy's own.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	path := tool(t, "prometheus")
	b := startBackend(t, ok)
	p := startProxy(t, "backends: [http://"+b.addr+"]")
	_, err := p.connect("127.0.0.1").get("/")
	require.NoError(t, err)

	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, scrapeConfig, p.admin, p.addr), 0o600))
	prometheus := start(t, exec.Command(path, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address=127.0.0.1:0", "--log.level=info"))
	addr := attribute(prometheus.waitLog("Listening on", "address="), "address")

	query := func(expression string) string {
		resp, err := admin.Get("http://" + addr + "/api/v1/query?query=" + url.QueryEscape(expression))
		if err != nil || resp.StatusCode != 200 {
			return ""
		}
		var got struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(readAll(t, resp.Body)), &got))
		if len(got.Data.Result) == 0 {
			return ""
		}
		return fmt.Sprint(got.Data.Result[0].Value[1])
	}
	waitFor(t, "both listeners are up", func() bool { return query(`sum(up)`) == "2" })
	waitFor(t, "the request is counted", func() bool {
		return query(`proxy_requests_total{job="proxy",pool="default",code="2xx"}`) == "1"
	})
	require.Equal(t, "2", query(`count(proxy_build_info)`))
}
