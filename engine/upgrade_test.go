package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// startBackend starts a backend of net/http and returns its URL.
func startBackend(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// webSocket opens a WebSocket through the proxy.
func (p *tester) webSocket(ctx context.Context) *websocket.Conn {
	p.t.Helper()
	scheme, options := "ws", &websocket.DialOptions{}
	if p.secure != nil {
		scheme = "wss"
		options.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: p.secure}}
	}
	ws, _, err := websocket.Dial(ctx, scheme+"://"+p.Addr().String()+"/ws", options)
	require.NoError(p.t, err)
	ws.SetReadLimit(-1)
	p.t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

// acceptWebSocket is what a backend does with a request for a WebSocket.
func acceptWebSocket(w http.ResponseWriter, r *http.Request, serve func(*websocket.Conn)) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer ws.CloseNow()
	ws.SetReadLimit(-1)
	serve(ws)
}

// A WebSocket carries messages of every size, and its closing handshake.
func TestWebSocketSizes(t *testing.T) {
	url := startBackend(t, func(w http.ResponseWriter, r *http.Request) {
		acceptWebSocket(w, r, func(ws *websocket.Conn) {
			for {
				kind, message, err := ws.Read(r.Context())
				if err != nil || ws.Write(r.Context(), kind, message) != nil {
					return
				}
			}
		})
	})
	p := startProxy(t, "backends: ["+url+"]")
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	ws := p.webSocket(ctx)
	sizes := []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 64 << 20}
	for _, size := range sizes {
		message := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		require.NoError(t, ws.Write(ctx, websocket.MessageBinary, message))
		kind, got, err := ws.Read(ctx)
		require.NoError(t, err)
		require.Equal(t, websocket.MessageBinary, kind)
		require.True(t, bytes.Equal(message, got), "%d bytes", size)
	}
	require.NoError(t, ws.Close(websocket.StatusNormalClosure, "bye"))
	p.wantMetric("proxy_tunnels", "0")
	p.wantMetric(`proxy_requests_total{pool="default",code="1xx"}`, "1")
}

// Both ends of a WebSocket send at the same time, and each gets all of the other
// in order.
func TestWebSocketBothWays(t *testing.T) {
	const messages = 10000
	talk := func(ctx context.Context, ws *websocket.Conn) error {
		sent := make(chan error, 1)
		go func() {
			for i := range messages {
				if err := ws.Write(ctx, websocket.MessageText, fmt.Appendf(nil, "message %d", i)); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		for i := range messages {
			_, got, err := ws.Read(ctx)
			if err != nil || string(got) != fmt.Sprintf("message %d", i) {
				return fmt.Errorf("message %d: %q, %w", i, got, err)
			}
		}
		return <-sent
	}
	served := make(chan error, 1)
	url := startBackend(t, func(w http.ResponseWriter, r *http.Request) {
		acceptWebSocket(w, r, func(ws *websocket.Conn) {
			served <- talk(r.Context(), ws)
			_ = ws.Close(websocket.StatusNormalClosure, "")
		})
	})
	p := startProxy(t, "backends: ["+url+"]")
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	ws := p.webSocket(ctx)
	require.NoError(t, talk(ctx, ws))
	require.NoError(t, <-served)
	_, _, err := ws.Read(ctx)
	require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
}

// An upgrade that the backend refuses is an ordinary response, after which the
// connection serves the next request.
func TestUpgradeRefused(t *testing.T) {
	url := startBackend(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "no, since "+r.Header.Get("Upgrade"))
	})
	p := startProxy(t, "backends: ["+url+"]")
	raw := p.connect()
	for _, status := range []int{200, 401, 426} {
		_, resp, err := websocket.Dial(t.Context(), fmt.Sprintf("ws://%s/%d", p.Addr(), status), nil)
		require.Error(t, err)
		require.Equal(t, status, resp.StatusCode)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "no, since websocket", string(body))

		raw.send(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", status))
		require.False(t, raw.want(status, "no, since echo").Close)
	}
	p.wantMetric("proxy_tunnels", "0")
	p.wantMetric("proxy_requests_inflight", "0")
}

const (
	upgradeRequest  = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	upgradeResponse = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
)

// tunnel opens a tunnel to backend $a and returns its two ends.
func (p *tester) tunnel() (*client, *pooltest.Conn) {
	p.t.Helper()
	c := p.connect()
	c.send(upgradeRequest)
	b := p.backend("a").Accept()
	b.Head()
	b.Send(upgradeResponse)
	require.Equal(p.t, upgradeResponse, c.bytes(len(upgradeResponse)))
	return c, b
}

// bytes reads exactly n bytes.
func (c *client) bytes(n int) string {
	c.t.Helper()
	b := make([]byte, n)
	_, err := io.ReadFull(c.r, b)
	require.NoError(c.t, err)
	return string(b)
}

// What comes right behind the handshake belongs to the tunnel, however much it is.
func TestBytesBehindHandshake(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	early := strings.Repeat("early ", 20000)
	c := p.connect()
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() { _, _ = io.WriteString(c, upgradeRequest+early) })
	b := p.backend("a").Accept()
	b.Head()
	sending.Go(func() { _, _ = io.WriteString(b, upgradeResponse+early) })
	require.Equal(t, upgradeResponse+early, c.bytes(len(upgradeResponse+early)))
	require.Equal(t, early, b.Bytes(len(early)))
	_ = c.Close()
	_ = b.Close()
	p.wantMetric("proxy_tunnels", "0")
	p.wantMetric("proxy_sent_bytes_total", fmt.Sprint(len(upgradeResponse+early)))
	p.wantMetric("proxy_received_bytes_total", fmt.Sprint(len(upgradeRequest+early)))
}

// A backend that changes the protocol although nobody asked for it is in error.
func TestUnaskedUpgrade(t *testing.T) {
	const body = "Content-Length: 1\r\n\r\nx"
	for name, form := range map[string]struct{ request, response string }{
		"no upgrade":      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", upgradeResponse},
		"no connection":   {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: echo\r\n\r\n", upgradeResponse},
		"with a body":     {"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n" + body, upgradeResponse},
		"h2c":             {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", upgradeResponse},
		"to no protocol":  {upgradeRequest, "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		"no HTTP version": {strings.Replace(upgradeRequest, "HTTP/1.1", "HTTP/1.0", 1), upgradeResponse},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, `backends: [$a]`)
			c := p.connect()
			c.send(form.request)
			b := p.backend("a").Accept()
			b.Receive()
			b.Send(form.response)
			c.wantReject(502, "http_protocol_error")
			require.Empty(t, b.Ended())
			p.wantMetric("proxy_requests_inflight", "0")
		})
	}
}

// HTTP/2 over an upgrade never reaches a backend: it would be a way past
// everything the proxy decides request by request.
func TestNoH2C(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	for i, upgrade := range []string{"h2c", "H2C", "websocket, h2c", "h2c;x=y , websocket"} {
		c.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\nUpgrade: " + upgrade + "\r\n\r\n")
		if i == 0 {
			p.backend("a").Serve(func(b *pooltest.Conn) {
				for {
					req, err := b.ReadRequest()
					if err != nil {
						return
					}
					b.Reply(200, strings.Join(append(req.Header["Upgrade"], req.Header["Connection"]...), " "))
				}
			})
		}
		c.want(200, "")
	}
}

// CONNECT becomes a tunnel where a route allows it, and is refused elsewhere; a
// backend's refusal is an ordinary response.
func TestConnect(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nroutes: [{host: open.test, pool: default, connect: true}]")
	c := p.connect()
	c.send("CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n")
	c.wantReject(405, "http_request_denied")

	const request = "CONNECT open.test:443 HTTP/1.1\r\nHost: open.test:443\r\n\r\n"
	c.send(request)
	b := p.backend("a").Accept()
	require.True(t, strings.HasPrefix(b.Head(), "CONNECT open.test:443 HTTP/1.1\r\nHost: open.test:443\r\n"))
	b.Reply(403, "not there")
	require.False(t, c.want(403, "not there").Close)

	c.send(request + "early")
	b.Head()
	b.Send("HTTP/1.1 200 Connected\r\nDate: d\r\n\r\nhello")
	require.Equal(t, "early", b.Bytes(5))
	require.Equal(t, "HTTP/1.1 200 Connected\r\nDate: d\r\n\r\nhello", c.bytes(len("HTTP/1.1 200 Connected\r\nDate: d\r\n\r\nhello")))
	p.wantMetric("proxy_tunnels", "1")
	c.send("ping")
	require.Equal(t, "ping", b.Bytes(4))
	_ = c.Close()
	require.Empty(t, b.Ended())
}
