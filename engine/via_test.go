package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// With a name, the proxy adds itself to what it forwards, behind whom it came
// through before, each time with the version the message had.
func TestVia(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nvia: edge1")
	c := p.connect()
	c.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\nVia: 1.1 a, 1.0 b\r\nVia: 1.1 edge10 (edge1), 1.1 edge1:80\r\n\r\n")
	b := p.backend("a").Accept()
	r := b.Receive()
	require.Equal(t, []string{"1.1 a, 1.0 b", "1.1 edge10 (edge1), 1.1 edge1:80", "1.0 edge1"}, r.Header.Values("Via"))
	b.Send("HTTP/1.1 200 OK\r\nVia: 1.1 c\r\nContent-Length: 0\r\n\r\n")
	require.Equal(t, []string{"1.1 c", "1.1 edge1"}, c.want(200, "").Header.Values("Via"))

	c.get("/")
	require.Equal(t, []string{"1.1 edge1"}, b.Receive().Header.Values("Via"))
	b.Send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\n")
	const interim = "HTTP/1.1 103 Early Hints\r\nVia: 1.1 edge1\r\n\r\n"
	require.Equal(t, interim, c.bytes(len(interim)))
	_ = b.Close()
	require.Equal(t, "1.0 edge1", c.want(200, "").Header.Get("Via"))
}

// A request that has been here before goes no further, however its Via tells that.
func TestViaLoop(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nvia: edge1")
	c := p.connect()
	for _, via := range []string{
		"Via: 1.1 edge1\r\n",
		"Via: 1.1 a\r\nvia: 1.0 b,1.1 edge1 (a comment),\r\n",
		"VIA: , HTTP/1.1\t edge1\t(x), 1.1 a\r\n",
	} {
		c.send("POST / HTTP/1.1\r\nHost: h\r\n" + via + "Content-Length: 5\r\n\r\nhello")
		require.False(t, c.wantReject(508, "proxy_loop_detected").Close)
	}
	require.Zero(t, p.backend("a").Connections())
	p.wantMetric(`proxy_rejected_requests_total{reason="proxy_loop_detected"}`, "3")
}

// Without a name the proxy leaves Via alone.
func TestNoVia(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	c := p.connect()
	c.send("GET / HTTP/1.1\r\nHost: h\r\nVia: 1.1 a,\r\nVia: 1.1\r\n\r\n")
	b := p.backend("a").Accept()
	require.Equal(t, []string{"1.1 a,", "1.1"}, b.Receive().Header.Values("Via"))
	b.Reply(200, "")
	require.Empty(t, c.want(200, "").Header.Values("Via"))
}
