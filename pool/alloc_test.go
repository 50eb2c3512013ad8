//go:build !race

package pool

// Under the race detector a sync.Pool forgets at random, so that nothing can be
// said about allocations.

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A pick and the count of what is inflight allocate nothing, a retry's included.
func TestPickDoesNotAllocate(t *testing.T) {
	for _, strategy := range Strategies() {
		p := weighted(strategy, ones(64)...)
		tried := p.Backends()[:2]
		require.NoError(t, p.SetWeight(tried[0].Addr, 7))
		require.Zero(t, testing.AllocsPerRun(200, func() {
			b := p.Pick(nil)
			b.Begin()
			b.End()
		}), strategy)
		require.Zero(t, testing.AllocsPerRun(200, func() { p.Pick(tried) }), strategy)
	}
}

// An exchange on a connection that is there already allocates nothing, however
// its body is framed.
func TestExchangeDoesNotAllocate(t *testing.T) {
	for name, response := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\nhello",
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"empty":   "HTTP/1.1 204 No Content\r\n\r\n",
	} {
		b := single(t, rawBackend(t, response), patient())
		roundTrip(t, b)
		require.Zero(t, testing.AllocsPerRun(200, func() { roundTrip(t, b) }), name)
		require.Equal(t, 1, b.Connections())
	}
}
