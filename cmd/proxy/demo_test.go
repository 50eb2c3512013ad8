package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// startDemoProxy runs the proxy with two built-in backends.
func startDemoProxy(t *testing.T, yaml string) *tester {
	t.Helper()
	return startProxy(t, "backends: [http://"+freeAddr(t)+", http://"+freeAddr(t)+"]\n"+yaml, "--demo")
}

// The demo answers with who the client is, spelled as everybody spells it, and
// with what it received.
func TestDemoEcho(t *testing.T) {
	t.Parallel()
	p := startDemoProxy(t, "")
	c := p.connect("127.0.0.2")
	require.NoError(t, c.send("/a%20b?c=d", "Connection: close", "X-Mine: 1"))
	raw, err := io.ReadAll(c)
	require.NoError(t, err)
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	require.Equal(t, "HTTP/1.1 200 OK", lines[0])
	require.Contains(t, lines, "X-Real-IP: 127.0.0.2")
	require.Contains(t, lines, "X-Forwarded-For: 127.0.0.2")
	var received struct {
		Method, Path, Query string
		Headers             map[string][]string
	}
	require.NoError(t, json.Unmarshal([]byte(body), &received))
	require.Equal(t, "GET", received.Method)
	require.Equal(t, "/a%20b", received.Path)
	require.Equal(t, "c=d", received.Query)
	require.Equal(t, []string{"1"}, received.Headers["X-Mine"])
	require.Equal(t, []string{"proxy.test"}, received.Headers["Host"])
	require.NotContains(t, received.Headers, "Connection")
}

// The demo counts the bytes of a body, however it comes.
func TestDemoUpload(t *testing.T) {
	t.Parallel()
	p := startDemoProxy(t, "")
	const size = 300_000
	sized := strings.NewReader(strings.Repeat("x", size))
	chunked := struct{ io.Reader }{strings.NewReader(strings.Repeat("x", size))}
	for _, body := range []io.Reader{sized, chunked} {
		resp, err := admin.Post(p.url("/"), "text/plain", body)
		require.NoError(t, err)
		require.Contains(t, readAll(t, resp.Body), `"body_bytes": 300000`)
	}
}

// Each path below /demo/ does what its name says.
func TestDemoPaths(t *testing.T) {
	t.Parallel()
	p := startDemoProxy(t, "")
	for _, row := range []struct {
		path   string
		status int
		body   string // a part of it
	}{
		{"/demo/sleep/1ms", 200, `"path": "/demo/sleep/1ms"`},
		{"/demo/sleep/1h", 400, "up to 1m"},
		{"/demo/status/503", 503, "Service Unavailable\n"},
		{"/demo/status/204", 204, ""},
		{"/demo/status/99", 400, "200 to 599"},
		{"/demo/bytes/100000", 200, "abcdefghijklmnopqrstuvwxyz"},
		{"/demo/bytes/x", 400, "number of bytes"},
		{"/demo/stream/3", 200, "line 1\nline 2\nline 3\n"},
		{"/demo/stream/-1", 400, "1000 lines"},
		{"/demo/close", 502, "the backend closed the connection"},
		{"/demo/other", 404, "/demo/sleep/1s"},
	} {
		t.Run(strings.TrimPrefix(row.path, "/demo/"), func(t *testing.T) {
			resp, err := admin.Get(p.url(row.path))
			require.NoError(t, err)
			require.Equal(t, row.status, resp.StatusCode)
			require.Contains(t, readAll(t, resp.Body), row.body)
			if row.status != 502 {
				require.Equal(t, "127.0.0.1", resp.Header.Get("X-Real-IP"))
			}
		})
	}
	resp, err := admin.Head(p.url("/demo/bytes/1099511627776"))
	require.NoError(t, err)
	require.EqualValues(t, 1<<40, resp.ContentLength)
	require.NoError(t, resp.Body.Close())
}

// A stream arrives while it is made: its first line is there before its last is.
func TestDemoStreams(t *testing.T) {
	t.Parallel()
	p := startDemoProxy(t, "timeouts: {shutdown: 100ms}")
	resp, err := http.Get(p.url("/demo/stream/1000"))
	require.NoError(t, err)
	defer resp.Body.Close()
	first := make([]byte, len("line 1\n"))
	_, err = io.ReadFull(resp.Body, first)
	require.NoError(t, err)
	require.Equal(t, "line 1\n", string(first))

	// And the sleep of a built-in backend does not hold up the end of the proxy.
	p.signal(os.Interrupt)
	require.Equal(t, 1, p.wait())
}
