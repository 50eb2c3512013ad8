package limiter

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// together runs f in n goroutines that start at one signal, and waits for all.
func together(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

func TestGoroutinesShareOneBudget(t *testing.T) {
	// Any number of goroutines asking under one key get together what one would get: burst + rate*time.
	const rate, burst = 1000, 7
	const step, end = 137 * time.Microsecond, 2 * time.Second
	for _, tt := range []struct {
		goroutines int
		lag        time.Duration
	}{{2, 0}, {200, 0}, {2, 10 * time.Millisecond}, {200, time.Second}} {
		t.Run(fmt.Sprintf("goroutines=%d/lag=%v", tt.goroutines, tt.lag), func(t *testing.T) {
			l := small(rate, burst)
			var clock, granted atomic.Int64
			together(tt.goroutines, func(i int) {
				lag := tt.lag * time.Duration(i) / time.Duration(tt.goroutines)
				for {
					now := time.Duration(clock.Load())
					if now > end {
						return
					}
					if l.Allow(keyOf(1), max(now-lag, 0)).OK {
						granted.Add(1)
					} else if lag == 0 { // Time goes on when nothing is left of the present.
						clock.CompareAndSwap(int64(now), int64(now+step))
					}
				}
			})
			last := end / step * step
			require.EqualValues(t, burst+rate*last/time.Second, granted.Load())
		})
	}
}

func TestNewcomersGetOneBudgetEach(t *testing.T) {
	// Goroutines that meet a client for the first time at the same instant give it one budget together,
	// in a set that was never used as well as in one whose words are all to be forgotten.
	const rounds, goroutines, burst = 400, 8, 3
	random := rand.New(rand.NewPCG(5, 6))
	for _, used := range []bool{false, true} {
		for _, lag := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprintf("used=%v/lag=%v", used, lag), func(t *testing.T) {
				for range rounds {
					l := small(0.1, burst)
					if used {
						for w, at := range random.Perm(setWords) {
							l.Allow(keyOf(100+w), time.Duration(at)*time.Second)
						}
					}
					var granted [setWords]atomic.Int64
					together(goroutines, func(g int) {
						// Clocks differ, and so does the order in which the clients come.
						now := time.Hour - lag*time.Duration(g)/goroutines
						for i := range setWords * (burst + 1) {
							c := (i + g) % setWords
							granted[c].Add(int64(ask(l, keyOf(c+1), now, 1)))
						}
					})
					for c := range granted {
						require.EqualValues(t, burst, granted[c].Load(), "client %d", c+1)
					}
				}
			})
		}
	}
}

func TestRefugeesOfAFullSetShareOneBudget(t *testing.T) {
	// Goroutines that are charged to the overflow get one budget together.
	const burst = 50
	l := small(10, burst)
	for i := range setWords {
		require.Equal(t, burst, ask(l, keyOf(i+1), 0, burst))
	}
	var granted atomic.Int64
	together(20, func(g int) {
		granted.Add(int64(ask(l, keyOf((g+1)*overflowWords), 0, burst)))
	})
	require.EqualValues(t, burst, granted.Load())
}

func TestClientsIsSafeDuringRequests(t *testing.T) {
	// The table can be counted while it is in use, and every count is one it could have had.
	l := small(10, 1)
	together(4, func(g int) {
		for i := range 1000 {
			l.Allow(keyOf(g*1000+i+1), 0)
			n := l.Clients(0)
			if n < 1 || n > setWords {
				panic(fmt.Sprintf("%d clients", n))
			}
		}
	})
	require.Equal(t, setWords, l.Clients(0))
}
