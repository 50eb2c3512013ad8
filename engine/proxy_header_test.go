package engine

import (
	"bytes"
	"crypto/tls"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// v2 returns a header of version 2: its command, family, and what follows the length.
func v2(command, family byte, rest string) string {
	return string(proxyproto.SIGV2) + string([]byte{command, family, byte(len(rest) >> 8), byte(len(rest))}) + rest
}

const (
	v4Block = "\xcb\x00\x71\x07\x7f\x00\x00\x01\x04\xd2\x00\x50"
	v6Block = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x04\xd2\x00\x50"
)

// goodProxyHeaders are headers, and who the client is behind a balancer on 127.0.0.1.
var goodProxyHeaders = map[string]struct{ header, client string }{
	"v1, IPv4":          {"PROXY TCP4 203.0.113.7 127.0.0.1 1234 80\r\n", "203.0.113.7"},
	"v1, IPv6":          {"PROXY TCP6 2001:db8::7 2001:db8::1 1234 80\r\n", "2001:db8::7"},
	"v1, unknown":       {"PROXY UNKNOWN\r\n", "127.0.0.1"},
	"v1, longest":       {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "127.0.0.1"},
	"v2, IPv4":          {v2(0x21, 0x11, v4Block), "203.0.113.7"},
	"v2, IPv6":          {v2(0x21, 0x21, v6Block), "2001:db8::7"},
	"v2, mapped":        {v2(0x21, 0x21, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xcb\x00\x71\x07"+v6Block[16:]), "203.0.113.7"},
	"v2, local":         {v2(0x20, 0x00, ""), "127.0.0.1"},
	"v2, local, filled": {v2(0x20, 0x11, v4Block), "127.0.0.1"},
	"v2, more":          {v2(0x21, 0x11, v4Block+"\x04\x00\x03abc\x20\x00\x05\x01\x00\x00\x00\x00"), "203.0.113.7"},
	"v2, 4 KiB":         {v2(0x21, 0x11, v4Block+"\x04\x0f\xe1"+strings.Repeat("x", 4080-len(v4Block)-3)), "203.0.113.7"},
	"v2, Unix":          {v2(0x21, 0x31, strings.Repeat("x", 216)), "127.0.0.1"},
	"v2, UDP":           {v2(0x21, 0x12, v4Block), "127.0.0.1"},
}

// tellClient answers with who the client is said to be.
func tellClient(b *pooltest.Conn) {
	for {
		r, err := b.ReadRequest()
		if err != nil {
			return
		}
		b.Reply(200, r.Header.Get("X-Real-Ip")+"|"+r.Header.Get("X-Forwarded-For"))
	}
}

// The client that a header of a trusted peer names is the peer, however the header
// arrives and whatever follows it at once; a header without one leaves the balancer.
func TestProxyHeader(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]")
	p.backend("a").Serve(tellClient)
	const request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	for name, h := range goodProxyHeaders {
		t.Run(name, func(t *testing.T) {
			for _, pieces := range []int{1, 7, len(h.header + request)} {
				c := p.connect()
				c.deliver(h.header+request, pieces)
				c.want(200, h.client+"|"+h.client)
				c.get("/").want(200, h.client+"|"+h.client)
				_ = c.Close()
			}
		})
	}
	for _, reason := range proxyReasonNames {
		require.Equal(t, "0", p.metric(`proxy_proxy_header_errors_total{reason="`+reason+`"}`))
	}
}

// X-Forwarded-For is believed if the client that the header names is trusted, not
// because the balancer is; its limits are those of the client.
func TestProxyHeaderIsThePeer(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1, 10.0.0.1]\nrate_limit: {rps: 0.001, burst: 1}")
	p.backend("a").Serve(tellClient)
	ask := func(source string) *client {
		return p.connect().send("PROXY TCP4 " + source + " 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
	}
	ask("203.0.113.7").want(200, "203.0.113.7|203.0.113.7")
	ask("10.0.0.1").want(200, "192.0.2.1|192.0.2.1, 10.0.0.1")
	ask("203.0.113.7").wantReject(429, "http_request_denied")
	ask("203.0.113.8").want(200, "203.0.113.8|203.0.113.8")
}

// What a trusted peer sends instead of a header is cut off without an answer, at
// once where no header can come of it, and counted.
func TestBadProxyHeader(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]")
	for name, c := range map[string]struct{ sent, reason string }{
		"request":            {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "malformed"},
		"ClientHello":        {"\x16\x03\x01", "malformed"},
		"almost v1":          {"PROXX", "malformed"},
		"almost v2":          {string(proxyproto.SIGV2[:11]) + "x", "malformed"},
		"no addresses":       {"PROXY TCP4\r\n", "malformed"},
		"name":               {"PROXY TCP4 a.test 127.0.0.1 1 2\r\n", "malformed"},
		"other family":       {"PROXY TCP4 ::1 ::1 1 2\r\n", "malformed"},
		"port":               {"PROXY TCP4 1.2.3.4 127.0.0.1 1 65536\r\n", "malformed"},
		"bare LF":            {"PROXY TCP4 1.2.3.4 127.0.0.1 1 2\n", "malformed"},
		"endless line":       {"PROXY UNKNOWN " + strings.Repeat("x", 200), "too_large"},
		"line of 108":        {"PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", "too_large"},
		"v2, version":        {v2(0x31, 0x11, v4Block), "malformed"},
		"v2, command":        {v2(0x22, 0x11, v4Block), "malformed"},
		"v2, family":         {v2(0x21, 0x13, v4Block), "malformed"},
		"v2, unspecified":    {v2(0x21, 0x00, ""), "malformed"},
		"v2, short":          {v2(0x21, 0x11, v4Block[:11]), "malformed"},
		"v2, over 4 KiB":     {v2(0x21, 0x11, strings.Repeat("x", 4081))[:16], "too_large"},
		"v1, then it leaves": {"PROXY TCP4 1.2.3.4", "client_gone"},
		"v2, then it leaves": {v2(0x21, 0x11, v4Block)[:20], "client_gone"},
	} {
		t.Run(name, func(t *testing.T) {
			series := `proxy_proxy_header_errors_total{reason="` + c.reason + `"}`
			before := p.metric(series)
			client := p.connect().send(c.sent)
			if c.reason == "client_gone" {
				require.NoError(t, client.Conn.(*net.TCPConn).CloseWrite())
			}
			client.wantReset()
			require.Eventually(t, func() bool { return p.metric(series) != before }, patience, time.Millisecond)
		})
	}
	p.wantMetric("proxy_downstream_connections", "0")
	require.Zero(t, p.backend("a").Connections())
}

// A trusted peer that says nothing, or not all of it, is let go in time; one that
// only connects and leaves counts as nothing.
func TestSilentProxyHeader(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]\ntimeouts: {client_header: 200ms}")
	silent, slow := p.connect(), p.connect()
	trickle(t, slow, "PROXY UNKNOWN ")
	require.NoError(t, p.connect().Close())
	silent.wantEnd()
	slow.wantReset()
	p.wantMetric("proxy_downstream_connections", "0")
	p.wantMetric(`proxy_proxy_header_errors_total{reason="client_gone"}`, "0")
}

// From a peer that is not trusted no header is expected: one is a malformed request,
// and who sends none is served.
func TestUntrustedProxyHeader(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [10.0.0.0/8]")
	p.backend("a").Serve(tellClient)
	for _, name := range []string{"v1, IPv4", "v2, IPv4"} {
		c := p.connect().send(goodProxyHeaders[name].header + "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		require.True(t, c.wantReject(400, "http_request_error").Close, name)
	}
	p.connect().get("/").want(200, "127.0.0.1|127.0.0.1")
}

// On a Unix socket the peer is trusted as 127.0.0.1 is.
func TestProxyHeaderOnUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	p := startProxy(t, "backends: [$a]\nlisten_addr: 'unix:"+path+"'\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]")
	p.backend("a").Serve(tellClient)
	p.dial(0).send("PROXY TCP4 203.0.113.7 127.0.0.1 1 2\r\n").get("/").want(200, "203.0.113.7|203.0.113.7")
}

// TLS begins right behind the header, and the client is still known after its
// connection was parked.
func TestProxyHeaderBeforeTLS(t *testing.T) {
	p, _ := startSecure(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]", "")
	p.parkAfter = 10 * time.Millisecond
	p.backend("a").Serve(tellClient)
	for name, h := range goodProxyHeaders {
		t.Run(name, func(t *testing.T) {
			nc := &prefixed{Conn: p.plain().Conn, prefix: []byte(h.header)}
			c := p.newClient(tls.Client(nc, p.secure))
			for range 2 {
				c.get("/").want(200, h.client+"|"+h.client)
				if canPark {
					p.wantMetric("proxy_parked_connections", "1")
				}
			}
			_ = c.Close()
			p.wantMetric("proxy_downstream_connections", "0")
		})
	}
}

// prefixed sends something before the first bytes, in one piece with them.
type prefixed struct {
	net.Conn
	prefix []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	all := append(p.prefix, b...)
	p.prefix = nil
	if _, err := p.Conn.Write(all); err != nil {
		return 0, err
	}
	return len(b), nil
}

// A stop does not wait for balancers that have sent nothing.
func TestStopBeforeProxyHeader(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]")
	c := p.connect()
	p.wantMetric("proxy_downstream_connections", "1")
	require.NoError(t, p.stop())
	c.wantEnd()
}

// However the bytes of a header come, and whatever they are, it is found at the same
// place or refused for the same reason; and a client is a valid address.
func FuzzProxyHeader(f *testing.F) {
	for _, h := range goodProxyHeaders {
		f.Add([]byte(h.header + "GET"))
	}
	f.Add([]byte("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"))
	f.Add([]byte(v2(0x21, 0x00, "xyz")))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), maxProxyHeader)]
		size, err := 0, error(nil)
		n := 0
		for ; n < len(b) && err == nil && (size == 0 || n < size); n++ {
			size, err = proxyHeaderSize(b[:n+1])
		}
		if size == 0 || err != nil || n < size {
			return // not a whole header
		}
		whole, err := proxyHeaderSize(b)
		require.NoError(t, err)
		require.Equal(t, size, whole, "it depends on the pieces")
		require.LessOrEqual(t, size, maxProxyHeader)
		header := bytes.Clone(b[:size])
		client, err := parseProxyHeader(header)
		require.Equal(t, b[:size], header)
		if err != nil {
			require.ErrorIs(t, err, errProxyHeader)
			require.False(t, client.IsValid())
			return
		}
		require.False(t, client.Is4In6())
		require.Empty(t, client.Zone())
		with, err := parseProxyHeader(append(header, 'x'))
		require.ErrorIs(t, err, errProxyHeader, "%v %q", with, header)
	})
}
