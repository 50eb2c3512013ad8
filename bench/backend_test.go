//go:build linux

package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The subcommand "backend" answers as the rig expects: a hundred bytes, bodies
// of a wanted length, and 404 for the rest.
func TestBackend(t *testing.T) {
	addr, p := startBackendAt(t)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	require.Len(t, hello, 100)
	for _, s := range scenarios {
		require.NoError(t, awaitAnswer(t.Context(), p, "http://"+addr+s.path, s), s.name)
	}
	require.NoError(t, checkAnswer(t.Context(), &client, "http://"+addr+"/", hello))
	require.NoError(t, checkAnswer(t.Context(), &client, "http://"+addr+"/bytes/0", nil))
	require.NoError(t, checkAnswer(t.Context(), &client, "http://"+addr+"/bytes/70000", make([]byte, 70000)))
	require.ErrorContains(t, checkAnswer(t.Context(), &client, "http://"+addr+"/bytes/70000", nil), "70000")
	for _, path := range []string{"/none", "/bytes/", "/bytes/-1", "/bytes/16777217"} {
		require.ErrorContains(t, checkAnswer(t.Context(), &client, "http://"+addr+path, nil), "status 404", path)
	}
}

// startBackend starts a backend that ends with the test.
func startBackend(t *testing.T) *process {
	_, p := startBackendAt(t)
	return p
}

func startBackendAt(t *testing.T) (addr string, p *process) {
	addr, err := freeAddr()
	require.NoError(t, err)
	self, err := direct.find(t.Context())
	require.NoError(t, err)
	c := backendCommand(self, addr)
	c.output = filepath.Join(t.TempDir(), "backend.log")
	p, err = start(c)
	require.NoError(t, err)
	t.Cleanup(p.stop)
	require.NoError(t, awaitAnswer(t.Context(), p, "http://"+addr+"/", small))
	return addr, p
}
