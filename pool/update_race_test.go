package pool

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Exchanges go on without one error while everything that can change does: who is
// in the pool, weights, strategy, limits, how to connect, who is drained. Nothing
// of those that left stays behind, and no connection is lost count of.
func TestExchangesWhileThePoolChanges(t *testing.T) {
	const backends, changes, goroutines = 4, 300, 4
	response := "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\nhello"
	var all Config
	for range backends {
		all.Backends = append(all.Backends, BackendConfig{Addr: rawBackend(t, response), Weight: 1, MaxConns: 64})
	}
	all.Strategy, all.Limits, all.Owner = "round_robin", patient(), func(addr string) any { return addr }
	p := updated(t, all)
	ever := map[*Backend]bool{}
	var done atomic.Bool
	var exchanging sync.WaitGroup
	for range goroutines {
		exchanging.Go(func() {
			for !done.Load() {
				b := p.Pick(nil)
				if b == nil || b.Owner != b.Addr {
					t.Error("picked", b)
					return
				}
				b.Begin()
				roundTrip(t, b)
				b.End()
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range changes {
		c := all
		c.Strategy = Strategies()[random.IntN(len(strategies))]
		c.Limits.Idle = time.Minute + time.Duration(random.IntN(2))
		c.Backends = nil
		for j, b := range all.Backends {
			if j == i%backends || random.IntN(2) == 0 { // never none
				b.Weight, b.MaxConns, b.Backup = 1+random.IntN(5), 16+random.IntN(16), random.IntN(4) == 0
				c.Backends = append(c.Backends, b)
			}
		}
		p.Update(c)
		addr := c.Backends[random.IntN(len(c.Backends))].Addr
		_ = p.Drain(addr, false) // refused when it is the last
		_ = p.SetWeight(addr, 1+random.IntN(5))
		for _, b := range p.All() {
			ever[b] = true
			_ = b.Status()
		}
		require.NoError(t, p.Undrain(addr))
	}
	done.Store(true)
	exchanging.Wait()
	require.Empty(t, p.Leaving())
	inPool := map[*Backend]bool{}
	for _, b := range p.Backends() {
		inPool[b] = true
	}
	for b := range ever {
		require.Zero(t, b.Inflight())
		if !inPool[b] {
			require.Zero(t, b.Connections(), fmt.Sprint(b.Status()))
		} else {
			require.Equal(t, b.Idle(), b.Connections())
		}
	}
}
