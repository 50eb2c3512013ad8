package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// secureBackend starts a backend that speaks TLS with a certificate for name, and
// returns its URL.
func (a *authority) secureBackend(name string, c *tls.Config, handle http.HandlerFunc) string {
	a.t.Helper()
	pair, err := tls.LoadX509KeyPair(a.issue(name))
	require.NoError(a.t, err)
	s := httptest.NewUnstartedServer(handle)
	s.TLS = c
	s.TLS.Certificates = []tls.Certificate{pair}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	a.t.Cleanup(s.Close)
	return s.URL
}

// tellTLS is a backend that answers with what it knows of the proxy's connection.
func tellTLS(w http.ResponseWriter, r *http.Request) {
	peer := ""
	if certs := r.TLS.PeerCertificates; len(certs) > 0 {
		peer = certs[0].Subject.CommonName
	}
	_, _ = fmt.Fprintf(w, "name %q, peer %q, resumed %t", r.TLS.ServerName, peer, r.TLS.DidResume)
}

// A backend's certificate is verified against ca_file, for the host of its URL or
// for server_name, which is also what the backend is asked for.
func TestVerifiedBackend(t *testing.T) {
	a := newAuthority(t)
	byAddress := a.secureBackend("127.0.0.1", &tls.Config{}, tellTLS)
	byName := a.secureBackend("backend.test", &tls.Config{}, tellTLS)
	for name, c := range map[string]struct{ url, ca, serverName, body, reason string }{
		"by address":      {url: byAddress, ca: a.pem, body: `name "", peer "", resumed false`},
		"by name":         {url: byName, ca: a.pem, serverName: "backend.test", body: `name "backend.test", peer "", resumed false`},
		"wrong name":      {url: byName, ca: a.pem, serverName: "other.test", reason: "tls_certificate_error"},
		"wrong address":   {url: byName, ca: a.pem, reason: "tls_certificate_error"},
		"wrong authority": {url: byAddress, ca: newAuthority(t).pem, reason: "tls_certificate_error"},
		"none of ours":    {url: byAddress, reason: "tls_certificate_error"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, fmt.Sprintf("backends: [%s]\nbackend_tls: {ca_file: %q, server_name: %q}", c.url, c.ca, c.serverName))
			client := p.connect()
			client.get("/")
			if c.reason == "" {
				client.want(200, c.body)
				client.get("/")
				client.want(200, c.body)
				require.Equal(t, 1, p.snapshot.Load().pools[0].Backends()[0].Connections(), "the connection is kept")
				return
			}
			client.wantReject(502, c.reason)
			p.wantMetric(`proxy_rejected_requests_total{reason="`+c.reason+`"}`, "1")
			p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+strings.TrimPrefix(c.url, "https://")+`",reason="`+c.reason+`"}`, "1")
		})
	}
}

// A backend that is not verified is told at start.
func TestUnverifiedBackend(t *testing.T) {
	url := newAuthority(t).secureBackend("other.test", &tls.Config{}, tellTLS)
	p := startProxy(t, "backends: ["+url+"]\nbackend_tls: {insecure_skip_verify: true}")
	c := p.connect()
	c.get("/")
	c.want(200, `name "", peer "", resumed false`)
	require.Contains(t, p.log.String(), "backend_tls.insecure_skip_verify")
}

// A backend that asks for the proxy's certificate gets it; without one, its alert
// is what the client is told of, in each version of TLS.
func TestClientCertificate(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("proxy")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			c := &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool(), MaxVersion: version}
			c.ClientCAs.AddCert(a.Cert)
			url := a.secureBackend("127.0.0.1", c, tellTLS)
			p := startProxy(t, fmt.Sprintf("backends: [%s]\nbackend_tls: {ca_file: %q, cert_file: %q, key_file: %q}", url, a.pem, cert, key))
			client := p.connect()
			client.get("/")
			client.want(200, `name "", peer "proxy", resumed false`)

			p = startProxy(t, fmt.Sprintf("backends: [%s]\nbackend_tls: {ca_file: %q}", url, a.pem))
			client = p.connect()
			client.get("/")
			client.wantReject(502, "tls_alert_received")
		})
	}
}

// The second connection to a backend resumes the TLS session of the first.
func TestSessionResumption(t *testing.T) {
	a := newAuthority(t)
	url := a.secureBackend("127.0.0.1", &tls.Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		tellTLS(w, r)
	})
	p := startProxy(t, fmt.Sprintf("backends: [%s]\nbackend_tls: {ca_file: %q}", url, a.pem))
	c := p.connect()
	for _, resumed := range []bool{false, true, true} {
		c.get("/")
		c.want(200, fmt.Sprintf(`name "", peer "", resumed %t`, resumed))
	}
}

// A handshake that does not come to its end is given up after
// timeouts.tls_handshake; a backend without TLS is told from one that is silent.
func TestBrokenHandshake(t *testing.T) {
	silent := pooltest.New(t)
	p := startProxy(t, "backends: [https://"+silent.Addr+"]\ntimeouts: {tls_handshake: 50ms}")
	c := p.connect()
	c.get("/")
	c.wantReject(504, "connection_timeout")
	silent.Accept().Ended()

	plain, closed := pooltest.New(t), pooltest.New(t)
	plain.Serve(func(b *pooltest.Conn) {
		_, _ = b.Read(make([]byte, 1))
		_, _ = io.WriteString(b, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	closed.Serve(func(b *pooltest.Conn) { _, _ = b.Read(make([]byte, 1)) })
	p = startProxy(t, fmt.Sprintf(`
pools: {plain: {backends: ["https://%s"]}, closed: {backends: ["https://%s"]}}
routes: [{path: /plain, pool: plain}, {path: /closed, pool: closed}]`, plain.Addr, closed.Addr))
	c = p.connect()
	c.get("/plain")
	c.wantReject(502, "tls_protocol_error")
	c.get("/closed")
	c.wantReject(502, "tls_protocol_error")
}

// Probes speak TLS to a backend that does: one whose certificate is not accepted
// is down, one that answers is up until it fails.
func TestSecureProbes(t *testing.T) {
	a := newAuthority(t)
	var sick atomic.Bool
	url := a.secureBackend("127.0.0.1", &tls.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if sick.Load() {
			w.WriteHeader(500)
		}
	})
	up := `proxy_backend_up{pool="default",backend="` + strings.TrimPrefix(url, "https://") + `"}`
	const yaml = "backends: [%s]\nhealth_check: {interval: 10ms, timeout: 5s, status: 200}\nbackend_tls: {ca_file: %q}"
	p := startProxy(t, fmt.Sprintf(yaml, url, a.pem))
	require.Eventually(t, p.isReady, patience, time.Millisecond)
	p.wantMetric(up, "1")
	sick.Store(true)
	p.wantMetric(up, "0")
	sick.Store(false)
	p.wantMetric(up, "1")

	p = startProxy(t, fmt.Sprintf(yaml, url, newAuthority(t).pem))
	p.wantMetric(up, "0")
	c := p.connect()
	c.get("/")
	c.wantReject(503, "destination_unavailable")
	require.Contains(t, p.log.String(), "certificate")
}

// A WebSocket goes over TLS to its backend.
func TestSecureWebSocket(t *testing.T) {
	a := newAuthority(t)
	url := a.secureBackend("127.0.0.1", &tls.Config{}, func(w http.ResponseWriter, r *http.Request) {
		acceptWebSocket(w, r, func(ws *websocket.Conn) {
			kind, message, err := ws.Read(r.Context())
			if err == nil && ws.Write(r.Context(), kind, message) == nil {
				_ = ws.Close(websocket.StatusNormalClosure, "")
			}
		})
	})
	p := startProxy(t, fmt.Sprintf("backends: [%s]\nbackend_tls: {ca_file: %q}\ntimeouts: {tunnel: 20s}", url, a.pem))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws := p.webSocket(ctx)
	message := strings.Repeat("x", 1<<20)
	require.NoError(t, ws.Write(ctx, websocket.MessageText, []byte(message)))
	_, got, err := ws.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, message, string(got))
	_, _, err = ws.Read(ctx)
	require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
	p.wantMetric("proxy_tunnels", "0")
}

// A backend on a Unix socket is probed and used like any other, and a socket that
// is not there like a refused connection.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	yaml := "backends: [unix:" + path + "]\n"
	p := startProxy(t, yaml)
	c := p.connect()
	c.get("/")
	c.wantReject(502, "connection_refused")

	probed := startProxy(t, yaml+"health_check: {interval: 10ms, rise: 1}")
	up := `proxy_backend_up{pool="default",backend="unix:` + path + `"}`
	probed.wantMetric(up, "0")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host)
	})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	probed.wantMetric(up, "1")
	c.get("/")
	c.want(200, "proxy.test")
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-served, http.ErrServerClosed)
	probed.wantMetric(up, "0")
}

// What is wrong with the files of backend_tls is found before anything listens,
// and named by the setting.
func TestTLSFiles(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("a")
	_, other := a.issue("b")
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for settings, want := range map[string]string{
		fmt.Sprintf("ca_file: %q", missing):                      "pool default: backend_tls.ca_file: open " + missing + ": no such file or directory",
		fmt.Sprintf("ca_file: %q", key):                          "pool default: backend_tls.ca_file: " + key + " holds no PEM certificate",
		fmt.Sprintf("cert_file: %q, key_file: %q", missing, key): "pool default: backend_tls.cert_file: open " + missing + ": no such file or directory",
		fmt.Sprintf("cert_file: %q, key_file: %q", cert, missing): "pool default: backend_tls.key_file: open " + missing +
			": no such file or directory",
		fmt.Sprintf("cert_file: %q, key_file: %q", cert, other): "pool default: backend_tls.cert_file " + cert + ", backend_tls.key_file " + other +
			": tls: private key does not match public key",
	} {
		_, err := newEngine(t, "backends: [https://127.0.0.1:1]\nbackend_tls: {"+settings+"}", io.Discard)
		require.EqualError(t, err, want)
	}
}

// newEngine builds an engine that neither probes nor limits, and listens on free
// ports.
func newEngine(t testing.TB, yaml string, w io.Writer) (*Engine, error) {
	t.Helper()
	yaml += "\nlisten_addr: 127.0.0.1:0\nadmin_addr: ''\nhealth_check_interval: 0s\nrate_limit: {rps: 0}\n"
	c, err := config.Parse(config.Source{Name: "test.yaml", Data: []byte(yaml), Strategies: pool.Strategies()})
	require.NoError(t, err)
	return New(c, slog.New(slog.NewTextHandler(w, nil)))
}
