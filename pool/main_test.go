package pool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// No test leaves a goroutine behind, except that fasthttp's cleaner of idle
// connections sleeps up to the idle time after the last connection is closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"))
}

// patience is how long a test waits for what must come. It is only ever spent by
// one that fails.
const patience = 20 * time.Second

// weighted returns a pool of backends that nobody connects to, one of each weight.
func weighted(strategy string, weights ...int) *Pool {
	c := Config{Name: "test", Strategy: strategy}
	for i, w := range weights {
		c.Backends = append(c.Backends, BackendConfig{Addr: fmt.Sprintf("127.0.0.1:%d", i+1), Weight: w, MaxConns: 1})
	}
	return New(c)
}

// picks returns how often each backend is picked in the next n picks.
func picks(p *Pool, n int) []int {
	counts := make([]int, len(p.Backends()))
	for range n {
		counts[place(p, p.Pick(nil))]++
	}
	return counts
}

// place returns where a backend stands in the configuration of its pool.
func place(p *Pool, b *Backend) int { return slices.Index(p.Backends(), b) }

// ones returns n weights of 1.
func ones(n int) []int {
	weights := make([]int, n)
	for i := range weights {
		weights[i] = 1
	}
	return weights
}

// setState makes the health of a backend what a probe would.
func (p *Pool) setState(b *Backend, state State, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.health.state = state
	p.shift(b, why)
	p.settle()
}
