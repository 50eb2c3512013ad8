package engine

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// Whoever broke a response off is known afterwards, and nobody is blamed for one that
// was not.
func TestBrokenBy(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {client_write: 100ms}")
	const begun = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nhello"
	reset := func(c *client) {
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
	for name, s := range map[string]struct {
		act  func(*client, *pooltest.Conn)
		want string
	}{
		"whole": {func(c *client, b *pooltest.Conn) { b.Reply(200, "hi"); c.want(200, "hi"); _ = c.Close() }, ""},
		"refused": {func(c *client, b *pooltest.Conn) {
			b.Send("?")
			c.wantReject(502, "http_protocol_error")
			_ = c.Close()
		}, ""},
		"the backend ends":             {func(_ *client, b *pooltest.Conn) { b.Send(begun); _ = b.Close() }, "backend"},
		"the client leaves":            {func(c *client, _ *pooltest.Conn) { reset(c) }, "client"},
		"the client leaves in between": {func(c *client, b *pooltest.Conn) { b.Send(begun); c.bytes(len(begun)); reset(c) }, "client"},
		"the client reads nothing":     {func(_ *client, b *pooltest.Conn) { _, _ = b.Write(append([]byte(begun), make([]byte, 99999995)...)) }, "client"},
	} {
		t.Run(name, func(t *testing.T) {
			c := p.connect()
			c.get("/")
			b := p.backend("a").Accept()
			b.Receive()
			conn := p.conns.list()[0]
			s.act(c, b)
			p.wantMetric("proxy_downstream_connections", "0")
			require.Equal(t, s.want, conn.exchange.brokenBy.String())
			_ = b.Close()
		})
	}
}

// A client that leaves, however and whenever, costs the backend its connection,
// as nobody wants the rest of the answer, and is not blamed on the backend. One
// that only ends its sending side behind its request counts as gone too.
func TestClientLeaves(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	ways := map[string]func(*net.TCPConn) error{
		"close":      (*net.TCPConn).Close,
		"half-close": (*net.TCPConn).CloseWrite,
		"reset": func(c *net.TCPConn) error {
			_ = c.SetLinger(0)
			return c.Close()
		},
	}
	const upload = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n"
	body := strings.Repeat("x", 10000)
	left := make(map[string]*pooltest.Conn)
	for stage, s := range map[string]struct{ request, answer string }{
		"waiting for the head":           {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", ""},
		"waiting after an upload":        {upload + body, ""},
		"while the response comes":       {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
		"while uploading":                {upload + "begin", ""},
		"while uploading in chunks":      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n", ""},
		"while uploading, with a answer": {upload + "begin", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
	} {
		for way, leave := range ways {
			c := p.connect()
			c.send(s.request)
			b := p.backend("a").Accept()
			b.Head()
			if strings.HasSuffix(s.request, body) {
				b.Bytes(len(body))
			}
			if s.answer != "" {
				b.Send(s.answer)
				for line := ""; line != "\r\n"; {
					var err error
					line, err = c.r.ReadString('\n')
					require.NoError(t, err)
				}
				require.Equal(t, "hello", c.bytes(5))
			}
			require.NoError(t, leave(c.Conn.(*net.TCPConn)))
			left[way+" "+stage] = b
		}
	}
	for name, b := range left {
		require.NotContains(t, b.Ended(), "0\r\n\r\n", "%s: the request looks whole", name)
	}
	p.wantMetric("proxy_requests_inflight", "0")
	p.wantMetric("proxy_downstream_connections", "0")
	p.wantMetric(`proxy_requests_total{pool="default",code="2xx"}`, fmt.Sprint(2*len(ways)))
	p.wantMetric(`proxy_requests_total{pool="default",code="4xx"}`, fmt.Sprint(4*len(ways)))
	p.wantMetric(`proxy_retries_total{pool="default"}`, "0")
	backend := `{pool="default",backend="` + p.backend("a").Addr + `"`
	p.wantMetric("proxy_backend_inflight"+backend+"}", "0")
	p.wantMetric("proxy_backend_up"+backend+"}", "1")
	for _, reason := range reasonNames {
		p.wantMetric("proxy_backend_errors_total"+backend+`,reason="`+reason+`"}`, "0")
	}
}
