package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A listener that redirects sends each request to the same host and path by https,
// whatever the request is, and no backend hears of it.
func TestRedirectHTTPS(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nlisteners: [{addr: '127.0.0.1:0', redirect_https: 443}, {addr: '127.0.0.1:0', redirect_https: 8443}]")
	for _, c := range []struct{ request, location, other string }{
		{"GET /a/b?c=d&e HTTP/1.1\r\nHost: example.com\r\n", "https://example.com/a/b?c=d&e", "https://example.com:8443/a/b?c=d&e"},
		{"POST / HTTP/1.1\r\nContent-Length: 0\r\nHost: Example.com:80\r\n", "https://example.com/", "https://example.com:8443/"},
		{"GET /metrics HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n", "https://[2001:db8::1]/metrics", "https://[2001:db8::1]:8443/metrics"},
		{"GET / HTTP/1.1\r\nHost: [::1]\r\n", "https://[::1]/", "https://[::1]:8443/"},
		{"GET http://a.test:80?x HTTP/1.1\r\nHost: b.test\r\n", "https://a.test/?x", "https://a.test:8443/?x"},
		{"OPTIONS * HTTP/1.1\r\nHost: a.test.\r\n", "https://a.test/", "https://a.test:8443/"},
		{"GET //evil.test/.. HTTP/1.1\r\nHost: a.test\r\n", "https://a.test//evil.test/..", "https://a.test:8443//evil.test/.."},
		{"GET /x HTTP/1.0\r\nConnection: keep-alive\r\nHost: a.test\r\n", "https://a.test/x", "https://a.test:8443/x"},
	} {
		for i, want := range []string{c.location, c.other} {
			r := p.dial(i).send(c.request+"\r\n").want(308, "")
			require.Equal(t, want, r.Header.Get("Location"), c.request)
			require.False(t, r.Close)
		}
	}
	p.dial(0).send("GET / HTTP/1.0\r\n\r\n").wantReject(400, "http_request_error")
	p.dial(0).send("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n").wantReject(405, "http_request_denied")
	require.Zero(t, p.backend("a").Connections())
}

// A body that comes with a request that is redirected is not taken for the next one.
func TestRedirectWithBody(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nredirect_https: 443")
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
	require.Equal(t, "https://h/", c.want(308, "").Header.Get("Location"))
	require.Equal(t, "https://h/next", c.want(308, "").Header.Get("Location"))
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello")
	require.True(t, c.want(308, "").Close)
	c.wantEnd()
}

// Clients that are redirected are limited like others.
func TestRedirectLimited(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nredirect_https: 443\nrate_limit: {rps: 0.001, burst: 1}")
	c := p.connect()
	c.get("/").want(308, "")
	c.get("/").wantReject(429, "http_request_denied")
}
