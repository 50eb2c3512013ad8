package engine

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ask sends a request to the admin listener. A field named Host replaces the host.
func (p *tester) ask(method, path string, fields ...string) (resp *http.Response, body string) {
	p.t.Helper()
	addr := p.AdminAddr()
	req, err := http.NewRequest(method, "http://127.0.0.1"+path, nil)
	require.NoError(p.t, err)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Add(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	c := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, addr.Network(), addr.String())
		},
	}}
	resp, err = c.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp, string(b)
}

const (
	secretToken = "0123456789-token"
	bearer      = "Authorization: Bearer " + secretToken
)

// Who may ask the admin listener for what: only those that say they know the
// token, never a page of another site, never under a name that is not this
// machine's.
func TestGuard(t *testing.T) {
	open := startProxy(t, "backends: [$a]\nadmin_addr: 127.0.0.1:0")
	closed := startProxy(t, "backends: [$a]\nadmin_addr: 127.0.0.1:0\nadmin_token: "+secretToken)
	wide := startProxy(t, "backends: [$a]\nadmin_addr: 0.0.0.0:0\nadmin_token: "+secretToken)
	socket := startProxy(t, "backends: [$a]\nadmin_addr: unix:"+socketPath(t))
	for _, row := range []struct {
		name         string
		p            *tester
		method, path string
		fields       []string
		want         int
	}{
		{"plain", open, "GET", "/status", nil, 200},
		{"head", open, "HEAD", "/metrics", nil, 200},
		{"profile", open, "GET", "/debug/pprof/goroutine", nil, 200},
		{"command line", open, "GET", "/debug/pprof/cmdline", nil, 404},
		{"index", open, "GET", "/", nil, 200},
		{"unknown", open, "GET", "/nope", nil, 404},
		{"wrong method", open, "POST", "/status", nil, 405},

		{"localhost", open, "GET", "/metrics", []string{"Host: LocalHost:9901"}, 200},
		{"localhost without port", open, "GET", "/metrics", []string{"Host: localhost"}, 200},
		{"IPv6", open, "GET", "/metrics", []string{"Host: [::1]:9901"}, 200},
		{"IPv6 without port", open, "GET", "/metrics", []string{"Host: [::1]"}, 200},
		{"rebound name", open, "GET", "/metrics", []string{"Host: evil.example:9901"}, 421},
		{"rebound name, healthz", open, "GET", "/healthz", []string{"Host: evil.example"}, 421},
		{"name like localhost", open, "GET", "/metrics", []string{"Host: localhost.evil.example"}, 421},
		{"rebound name with a token", closed, "GET", "/metrics", []string{"Host: evil.example", bearer}, 421},
		{"name of the machine", wide, "GET", "/metrics", []string{"Host: proxy.internal:9901", bearer}, 200},
		{"name on a socket", socket, "GET", "/metrics", []string{"Host: whatever"}, 200},

		{"origin of another site", open, "GET", "/metrics", []string{"Origin: https://evil.example"}, 403},
		{"origin of another site, POST", open, "POST", "/status", []string{"Origin: https://evil.example"}, 403},
		{"origin of another port", open, "POST", "/status", []string{"Host: 127.0.0.1:9901", "Origin: http://127.0.0.1:8080"}, 403},
		{"no origin to speak of", open, "POST", "/status", []string{"Origin: null"}, 403},
		{"own origin", open, "GET", "/metrics", []string{"Host: 127.0.0.1:9901", "Origin: http://127.0.0.1:9901"}, 200},
		{"image of another site", open, "GET", "/debug/pprof/trace", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}, 403},
		{"frame of another site", open, "GET", "/metrics", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: iframe"}, 403},
		{"script of the same site", open, "GET", "/metrics", []string{"Sec-Fetch-Site: same-site"}, 403},
		{"form of another site", open, "POST", "/status", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"}, 403},
		{"link on another site", open, "GET", "/metrics", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"}, 200},
		{"typed in", open, "GET", "/metrics", []string{"Sec-Fetch-Site: none"}, 200},
		{"other site with the token", closed, "GET", "/metrics", []string{"Origin: https://evil.example", bearer}, 403},

		{"token", closed, "GET", "/metrics", []string{bearer}, 200},
		{"token, scheme in lower case", closed, "GET", "/status", []string{"Authorization: bearer " + secretToken}, 200},
		{"no token", closed, "GET", "/metrics", nil, 401},
		{"no token, status", closed, "GET", "/status", nil, 401},
		{"no token, profile", closed, "GET", "/debug/pprof/", nil, 401},
		{"no token, what is not there", closed, "POST", "/nope", nil, 401},
		{"no token, readyz by a detour", closed, "GET", "/x/../readyz", nil, 401},
		{"no token, below healthz", closed, "GET", "/healthz/../status", nil, 401},
		{"no token, healthz", closed, "GET", "/healthz", nil, 200},
		{"no token, readyz", wide, "GET", "/readyz", nil, 200},
		{"part of the token", closed, "GET", "/metrics", []string{bearer[:len(bearer)-1]}, 401},
		{"more than the token", closed, "GET", "/metrics", []string{bearer + "x"}, 401},
		{"basic", closed, "GET", "/metrics", []string{"Authorization: Basic " + secretToken}, 401},
		{"bare token", closed, "GET", "/metrics", []string{"Authorization: " + secretToken}, 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.path == "/readyz" {
				require.Eventually(t, row.p.isReady, patience, time.Millisecond)
			}
			resp, body := row.p.ask(row.method, row.path, row.fields...)
			require.Equal(t, row.want, resp.StatusCode, body)
			require.Equal(t, row.want == 401, resp.Header.Get("WWW-Authenticate") != "")
			require.Equal(t, row.want == 405, resp.Header.Get("Allow") != "")
			require.NotContains(t, body, secretToken)
		})
	}
	require.NotContains(t, closed.log.String(), secretToken)
}

// Connections over the bound are closed at once, and those within it serve.
func TestAdminConnectionsAreBounded(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nadmin_addr: 127.0.0.1:0")
	held := make([]net.Conn, adminConns)
	for i := range held {
		nc, err := net.Dial("tcp", p.AdminAddr().String())
		require.NoError(t, err)
		defer nc.Close()
		held[i] = nc
	}
	require.Eventually(t, func() bool { return p.admin.open.Load() == adminConns }, patience, time.Millisecond)
	over, err := net.Dial("tcp", p.AdminAddr().String())
	require.NoError(t, err)
	defer over.Close()
	require.NoError(t, over.SetDeadline(time.Now().Add(patience)))
	_, err = over.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)

	require.NoError(t, held[0].Close())
	require.Eventually(t, func() bool { return p.admin.open.Load() < adminConns }, patience, time.Millisecond)
	resp, _ := p.ask("GET", "/healthz")
	require.Equal(t, 200, resp.StatusCode)
}

// socketPath returns a path short enough for a socket. That of a test's own
// directory may be too long.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "admin")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// The socket file has the permissions that are asked for, serves, and is gone
// after a stop.
func TestAdminSocket(t *testing.T) {
	path := socketPath(t)
	p := startProxy(t, "backends: [$a]\nadmin_mode: 0660\nadmin_addr: unix:"+path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o660), info.Mode().Perm())
	_, body := p.ask("GET", "/status")
	var s Status
	require.NoError(t, json.Unmarshal([]byte(body), &s))
	require.Contains(t, s.Listen, ListenerStatus{"admin_addr", "unix:" + path})
	require.NoError(t, p.stop())
	require.NoFileExists(t, path)
}

// A stop leaves the file that another process has put in the place of its own.
func TestSocketTakenOver(t *testing.T) {
	path := socketPath(t)
	p := startProxy(t, "backends: [$a]\nadmin_addr: unix:"+path)
	require.NoError(t, os.Remove(path))
	other, err := listenUnix(path, 0o600)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, p.stop())
	require.FileExists(t, path)
}

// A reload replaces the token, and does not open a listener that had one.
func TestTokenAfterReload(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nadmin_addr: 127.0.0.1:0\nadmin_token: "+secretToken)
	const next = "another-token-of-the-next-file"
	require.NoError(t, p.change("backends: [$a]\nadmin_addr: 127.0.0.1:0\nadmin_token: "+next))
	for token, want := range map[string]int{next: 200, secretToken: 401} {
		resp, _ := p.ask("GET", "/status", "Authorization: Bearer "+token)
		require.Equal(t, want, resp.StatusCode)
	}
	require.NoError(t, p.change("backends: [$a]\nadmin_addr: 127.0.0.1:0"))
	for token, want := range map[string]int{secretToken: 200, "": 401} {
		resp, _ := p.ask("GET", "/status", "Authorization: Bearer "+token)
		require.Equal(t, want, resp.StatusCode)
	}
}
