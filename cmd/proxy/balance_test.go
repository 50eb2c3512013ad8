package main

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Backends get as much of the traffic as their weights say.
func TestWeightedShares(t *testing.T) {
	t.Parallel()
	requests := int64(80_000)
	if raceEnabled {
		requests = 8_000
	}
	weights := []int64{1, 1, 2, 4}
	yaml := "strategy: round_robin\nbackends:\n"
	var backends []*backend
	for _, w := range weights {
		b := startBackend(t, ok)
		backends = append(backends, b)
		yaml += fmt.Sprintf("  - {url: http://%s, weight: %d}\n", b.addr, w)
	}
	p := startProxy(t, yaml)

	var begun, failed atomic.Int64
	clients := startLoad(p, 16, func(c *client) bool {
		if begun.Add(1) > requests {
			return false
		}
		got, err := c.get("/")
		if err != nil || got.StatusCode != 200 {
			failed.Add(1)
			return false
		}
		return true
	})
	clients.running.Wait()

	require.Zero(t, failed.Load())
	for i, b := range backends {
		want := requests * weights[i] / 8
		require.InDelta(t, want, b.requests.Load(), 0.01*float64(want), "backend %d", i)
	}
}

// Under least_conn a slow backend holds no more of the requests in progress than
// the others, where in turns it would hold nearly all.
func TestSlowBackendGetsLess(t *testing.T) {
	t.Parallel()
	// Next to these times, what the rest takes is short: all clients wait for backends.
	const unit, samples = 10 * time.Millisecond, 60
	backends := []*backend{startBackend(t, slow(10*unit))}
	for range 3 {
		backends = append(backends, startBackend(t, slow(unit)))
	}
	yaml := "strategy: least_conn\nbackends:\n"
	for _, b := range backends {
		yaml += "  - http://" + b.addr + "\n"
	}
	p := startProxy(t, yaml)
	var answered, failed atomic.Int64
	clients := startLoad(p, 16, func(c *client) bool {
		got, err := c.get("/")
		if err != nil || got.StatusCode != 200 {
			failed.Add(1)
			return false
		}
		answered.Add(1)
		return true
	})

	held := make([]int, len(backends))
	for sample := range int64(samples) {
		seen := answered.Load()
		waitFor(t, "traffic", func() bool { return answered.Load() > seen+16 })
		metrics := p.scrape()
		for i, b := range backends {
			n, err := strconv.Atoi(value(metrics, `proxy_backend_inflight{pool="default",backend="`+b.addr+`"}`))
			require.NoError(t, err, "sample %d", sample)
			held[i] += n
		}
	}
	clients.end()
	require.Zero(t, failed.Load())
	t.Logf("held: %v", held)
	require.LessOrEqual(t, held[0], slices.Max(held[1:])+samples, "it held more than one above the others: %v", held)
	require.Less(t, backends[0].requests.Load(), answered.Load()/8, "it got half of a fair share or more")
}
