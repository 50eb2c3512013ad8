package config

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The shipped proxy.yaml loads and means what the five-line form means.
func TestShippedFile(t *testing.T) {
	shipped, err := Load("../../proxy.yaml", Source{Strategies: strategies})
	require.NoError(t, err)
	require.Equal(t, parse(t, seedForm), shipped)
}

// What proxy.yaml shows as comments loads too: its keys are all there are, and
// the values of all but backends, pools and routes are the defaults.
func TestShippedFileUncommented(t *testing.T) {
	data, err := os.ReadFile("../../proxy.yaml")
	require.NoError(t, err)
	// A comment that begins "#key" or "#  key" is a line to be used; prose begins "# ".
	text := regexp.MustCompile(`(?m)^#(\S|  )`).ReplaceAllString(string(data), "$1")
	require.Equal(t, 0, strings.Count(text, "\n#a"), "the comment sign is gone")

	got, want := parse(t, text), parse(t, seedForm)
	require.Equal(t, append(want.Pools[0].Backends, Backend{Addr: "127.0.0.1:9003", Weight: 1, MaxConns: 512}), got.Pools[0].Backends)
	require.Len(t, got.Pools, 2)
	require.Len(t, got.Routes, 2)
	want.Pools[0].Backends = got.Pools[0].Backends
	require.Equal(t, want.Pools[0], got.Pools[0])
	want.Pools, want.Routes, want.Listeners[0].TrustedProxies = got.Pools, got.Routes, got.Listeners[0].TrustedProxies
	want.Listeners[0].TLS.Certificates, want.Listeners[0].TLS.Ciphers = got.Listeners[0].TLS.Certificates, got.Listeners[0].TLS.Ciphers
	require.Equal(t, want, got)

	for _, k := range Keys() {
		name := k.Path[strings.LastIndexAny(k.Path, ".")+1:]
		require.Regexp(t, `(?m)(^|[ {])`+name+`:`, text, "%s is missing", k.Path)
	}
}

// Every YAML block of the README is a configuration that loads.
func TestReadmeBlocks(t *testing.T) {
	blocks := regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```").FindAllStringSubmatch(readme(t), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		_, err := Parse(Source{Name: "README.md", Data: []byte(block[1]), Strategies: strategies})
		require.NoError(t, err, block[1])
	}
}

// The README's table of settings has a row for each key, with its default.
func TestReadmeTable(t *testing.T) {
	text := readme(t)
	for _, k := range Keys() {
		row := "| `" + k.Path + "` | " + k.Type + " | "
		if k.Default != "" {
			row += "`" + k.Default + "` |"
		}
		require.True(t, strings.Contains(text, row), "README.md needs the row %s %s |", row, k.Meaning)
	}
}

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no README.md yet")
	}
	require.NoError(t, err)
	return string(data)
}

// Keys are listed once each, with what a reader of the documentation needs.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		require.False(t, seen[k.Path], "%s is listed twice", k.Path)
		seen[k.Path] = true
		require.NotEmpty(t, k.Type, k.Path)
		require.NotEmpty(t, k.Meaning, k.Path)
	}
	for _, path := range []string{"listen_addr", "backends", "backends[].weight", "health_check.status", "timeouts.connect", "pools", "routes[].host"} {
		require.True(t, seen[path], path)
	}
}
