package pool

import (
	"fmt"
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
	counts := make([]int, len(p.Backends))
	for range n {
		counts[p.Pick(nil).Index]++
	}
	return counts
}

// ones returns n weights of 1.
func ones(n int) []int {
	weights := make([]int, n)
	for i := range weights {
		weights[i] = 1
	}
	return weights
}
