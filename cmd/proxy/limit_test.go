package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// scarce allows five requests of a client at once, and the sixth after minutes.
const scarce = `rate_limit: {rps: 0.005, burst: 5}`

// sequence returns the statuses of n requests of one client, and the last answer.
func (p *tester) sequence(n int, from string, fields func(i int) string) (statuses []int, last *answer) {
	p.t.Helper()
	c := p.connect(from)
	for i := range n {
		got, err := c.get("/", fields(i))
		require.NoError(p.t, err)
		statuses, last = append(statuses, got.StatusCode), got
	}
	return statuses, last
}

func noField(int) string { return "X-Nothing: " }

var (
	all    = []int{200, 200, 200, 200, 200}
	only5  = []int{200, 200, 200, 200, 200, 429, 429, 429}
	always = []int{429, 429, 429}
)

// A client over its limit is told when to come again; another never notices.
func TestLimitIsPerClient(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	p := startProxy(t, fmt.Sprintf("backends: [http://%s]\n%s", b.addr, scarce))

	statuses, last := p.sequence(8, "127.0.0.2", noField)
	require.Equal(t, only5, statuses)
	require.Regexp(t, `^[1-9][0-9]*$`, last.Header.Get("Retry-After"))
	require.Regexp(t, `^"client";r=0;t=[1-9][0-9]*$`, last.Header.Get("RateLimit"))
	require.Equal(t, `"client";q=5;w=1000`, last.Header.Get("RateLimit-Policy"))
	require.Equal(t, "goproxyreverso; error=http_request_denied", last.Header.Get("Proxy-Status"))

	statuses, last = p.sequence(5, "127.0.0.3", noField)
	require.Equal(t, all, statuses)
	require.Empty(t, last.Header.Get("Retry-After"))
	require.EqualValues(t, 10, b.requests.Load(), "a limited request went to the backend")
}

// Behind a trusted proxy the forwarded address is the one that is limited, and
// what a client writes to the left of it changes nothing.
func TestLimitBehindTrustedProxy(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	p := startProxy(t, fmt.Sprintf("backends: [http://%s]\ntrusted_proxies: [127.0.0.1]\n%s", b.addr, scarce))

	statuses, _ := p.sequence(8, "127.0.0.1", func(int) string { return "X-Forwarded-For: 198.51.100.7" })
	require.Equal(t, only5, statuses)
	statuses, _ = p.sequence(5, "127.0.0.1", func(int) string { return "X-Forwarded-For: 198.51.100.8" })
	require.Equal(t, all, statuses)
	statuses, _ = p.sequence(3, "127.0.0.1", func(i int) string {
		return fmt.Sprintf("X-Forwarded-For: 203.0.113.%d, 198.51.100.7", i)
	})
	require.Equal(t, always, statuses)
}

// A forged X-Forwarded-For of a peer that is not trusted changes nothing.
func TestForgedForwardedFor(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	p := startProxy(t, fmt.Sprintf("backends: [http://%s]\ntrusted_proxies: [127.0.0.1]\n%s", b.addr, scarce))

	statuses, _ := p.sequence(8, "127.0.0.2", func(i int) string {
		return fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", i)
	})
	require.Equal(t, only5, statuses)
	statuses, _ = p.sequence(5, "127.0.0.1", func(int) string { return "X-Forwarded-For: 198.51.100.1" })
	require.Equal(t, all, statuses, "the address that was forged had to pay")
}
