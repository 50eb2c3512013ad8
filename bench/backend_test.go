//go:build linux

package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The subcommand "backend" answers as the rig expects: a hundred bytes, bodies
// of a wanted length, the length of a body it is sent, and 404 for the rest.
func TestBackend(t *testing.T) {
	addrs, p := startBackendsAt(t, 1)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	require.Len(t, hello, 100)
	for _, s := range scenarios {
		for _, v := range s.variants {
			require.NoError(t, awaitAnswer(t.Context(), p, v.plain(), addrs[0]), s.name)
		}
	}
	ask := func(v variant) error { return v.ask(t.Context(), &client, addrs[0]) }
	require.NoError(t, ask(variant{path: "/bytes/0"}))
	require.NoError(t, ask(variant{path: "/bytes/70000"}))
	require.NoError(t, ask(variant{path: "/discard", body: 1}))
	require.ErrorContains(t, ask(variant{path: "/", body: 700}), "a body of 100 bytes")
	for _, path := range []string{"/none", "/bytes/", "/bytes/-1", "/bytes/16777217"} {
		require.ErrorContains(t, ask(variant{path: path}), "status 404", path)
	}
}

// One process serves many addresses.
func TestBackendAddresses(t *testing.T) {
	addrs, p := startBackendsAt(t, 300)
	require.Len(t, addrs, 300)
	for _, addr := range []string{addrs[0], addrs[249], addrs[250], addrs[299]} {
		require.NoError(t, awaitAnswer(t.Context(), p, variant{path: "/"}, addr))
	}
}

// Addresses that follow each other skip those that end in 0 and beyond 250.
func TestFollowing(t *testing.T) {
	for _, row := range []struct {
		n    int
		want string
	}{
		{0, "127.0.64.1:80"},
		{249, "127.0.64.250:80"},
		{250, "127.0.65.1:80"},
		{511, "127.0.66.12:80"},
	} {
		require.Equal(t, row.want, following("127.0.64.1:80", row.n))
	}
	require.Equal(t, "nonsense", following("nonsense", 3))
}

// startBackend starts a backend that ends with the test.
func startBackend(t *testing.T) *process {
	_, p := startBackendsAt(t, 1)
	return p
}

func startBackendsAt(t *testing.T, count int) (addrs []string, p *process) {
	addrs, err := backendAddrs(0, count)
	require.NoError(t, err)
	p = startServer(t, backendCommand(self(t), addrs[0], count))
	require.NoError(t, awaitAnswer(t.Context(), p, variant{path: "/"}, addrs[count-1]))
	return addrs, p
}

// startServer starts a process that ends with the test.
func startServer(t *testing.T, c command) *process {
	c.output = filepath.Join(t.TempDir(), "server.log")
	p, err := start(c)
	require.NoError(t, err)
	t.Cleanup(p.stop)
	return p
}
