package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A killed backend costs no request once it is down, and gets its share again
// when it is back.
func TestKilledBackend(t *testing.T) {
	t.Parallel()
	a, b := freeAddr(t), freeAddr(t)
	killed := startBackendProcess(t, a)
	startBackendProcess(t, b)
	p := startProxy(t, fmt.Sprintf(`
strategy: round_robin
backends: ["http://%s", "http://%s"]
health_check: {interval: 100ms, rise: 3, fall: 2}
`, a, b))
	seen := &phases{}
	clients := startLoad(p, 4, func(c *client) bool {
		phase := seen.now.Load()
		got, err := c.get("/")
		if err != nil {
			seen.add(phase, err.Error())
			return false
		}
		seen.add(phase, got.body)
		return true
	})

	const both, killing, down, starting, back = 0, 1, 2, 3, 4
	seen.waitTotal(t, both, 100)
	seen.now.Store(killing)
	killed.kill()
	p.waitLog("backend="+a, "old=up new=down")
	seen.now.Store(down)
	seen.waitTotal(t, down, 500)
	seen.now.Store(starting)
	startBackendProcess(t, a)
	p.waitLog("backend="+a, "old=down new=up")
	seen.now.Store(back)
	seen.waitTotal(t, back, 500)
	clients.end()

	t.Logf("while it was found out: %v", seen.of(killing))
	require.Equal(t, seen.total(down), seen.of(down)[b], "while it was down: %v", seen.of(down))
	shares := seen.of(back)
	require.InDelta(t, shares[b], shares[a], 0.05*float64(seen.total(back)), "after it came back: %v", shares)
	require.Equal(t, seen.total(back), shares[a]+shares[b], "after it came back: %v", shares)
}

// phases counts answers by the phase in which their request began.
type phases struct {
	now atomic.Int64

	mu      sync.Mutex
	answers [5]map[string]int
}

func (p *phases) add(phase int64, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers[phase] == nil {
		p.answers[phase] = make(map[string]int)
	}
	p.answers[phase][what]++
}

// of returns the answers of a phase that no client adds to any more.
func (p *phases) of(phase int64) map[string]int { return p.answers[phase] }

func (p *phases) total(phase int64) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, count := range p.answers[phase] {
		n += count
	}
	return n
}

func (p *phases) waitTotal(t *testing.T, phase int64, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d answers", n), func() bool { return p.total(phase) >= n })
}
