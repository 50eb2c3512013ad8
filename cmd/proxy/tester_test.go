package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must come. It is only ever spent by
// a test that fails.
const patience = 30 * time.Second

// tester is a proxy in a process of its own.
type tester struct {
	*process
	t      *testing.T
	config string // its file
	addr   string // of the listener
	admin  string // of the admin listener
	stop   func() // ends it as an operator does; it must exit with 0
}

// startProxy runs the proxy with that configuration, and with those arguments
// behind the name of its file. Where the configuration does not say otherwise it
// listens on free ports, and neither probes nor limits. It must end well with the
// test, unless that has ended it before.
func startProxy(t *testing.T, yaml string, args ...string) *tester {
	t.Helper()
	return startProxyAt(t, writeConfig(t, yaml), args...)
}

// startProxyAt is startProxy with a file.
func startProxyAt(t *testing.T, path string, args ...string) *tester {
	t.Helper()
	p := &tester{t: t, config: path, process: startProgram(t, nil, append([]string{"--config", path}, args...)...)}
	line := p.waitLog("msg=serving")
	p.addr, p.admin = attribute(line, "listen_addr"), attribute(line, "admin_addr")
	p.stop = sync.OnceFunc(func() {
		p.signal(syscall.SIGTERM)
		require.Zero(t, p.wait(), p.stderr.String())
	})
	t.Cleanup(func() {
		if p.running() {
			p.stop()
		}
	})
	return p
}

// writeConfig writes a configuration with what startProxy adds to it, and
// returns the name of its file.
func writeConfig(t *testing.T, yaml string) string {
	t.Helper()
	for key, line := range map[string]string{
		"listen_addr":  `listen_addr: "127.0.0.1:0"`,
		"admin_addr":   `admin_addr: "127.0.0.1:0"`,
		"health_check": `health_check_interval: 0s`,
		"rate_limit":   `rate_limit: {rps: 0}`,
	} {
		if !strings.Contains(yaml, key) {
			yaml += "\n" + line
		}
	}
	path := filepath.Join(t.TempDir(), "proxy.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml+"\n"), 0o600))
	return path
}

// attribute returns the value of an attribute in a line of the log.
func attribute(line, name string) string {
	found := regexp.MustCompile(` ` + name + `=("[^"]*"|\S+)`).FindStringSubmatch(line)
	if found == nil {
		return ""
	}
	return strings.Trim(found[1], `"`)
}

// url is the URL of a path behind the proxy.
func (p *tester) url(path string) string { return "http://" + p.addr + path }

// ready returns the status of /readyz, 0 when nobody answers.
func (p *tester) ready() int {
	resp, err := admin.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// scrape returns what /metrics of the admin listener says.
func (p *tester) scrape() string {
	p.t.Helper()
	resp, err := admin.Get("http://" + p.admin + "/metrics")
	require.NoError(p.t, err)
	require.Equal(p.t, 200, resp.StatusCode)
	return readAll(p.t, resp.Body)
}

// value returns the value of a series in a scrape, "" when it is not there.
func value(metrics, series string) string {
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSuffix(value, "\n")
		}
	}
	return ""
}

// admin is a client without idle connections, which a stop would have to wait for.
var admin = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
