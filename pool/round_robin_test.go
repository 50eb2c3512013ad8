package pool

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each backend gets exactly its share of every round, wherever it begins.
func TestRoundRobinShares(t *testing.T) {
	for _, c := range []struct {
		weights, shares []int
	}{
		{[]int{1}, []int{1}},
		{[]int{9}, []int{1}},
		{[]int{1, 1, 2, 4}, []int{1, 1, 2, 4}},
		{[]int{5, 1, 1}, []int{5, 1, 1}},
		{[]int{100, 100, 50}, []int{2, 2, 1}},
		{[]int{1 << 20, 3 << 20}, []int{1, 3}},
	} {
		p := weighted("round_robin", c.weights...)
		round := 0
		for _, share := range c.shares {
			round += share
		}
		require.Len(t, spread(p.view.Load().eligible), round, "%v", c.weights)
		for range 3 {
			require.Equal(t, c.shares, picks(p, round), "%v", c.weights)
			p.Pick(nil)
		}
	}
}

// After any number of picks no backend is a whole turn ahead of its share or
// behind it: a heavy one does not take its turns in a bunch, however many light
// ones there are.
func TestRoundRobinIsSmooth(t *testing.T) {
	cases := [][]int{{5, 1, 1}, {1, 1, 2, 4}, {1, 100}, {10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {3, 3, 2, 2, 1}}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		weights := make([]int, 1+random.IntN(12))
		for i := range weights {
			weights[i] = 1 + random.IntN(40)
		}
		cases = append(cases, weights)
	}
	for _, weights := range cases {
		p := weighted("round_robin", weights...)
		schedule, reduced := spread(p.view.Load().eligible), reduce(p.view.Load().eligible)
		taken := make([]int, len(weights))
		for i, b := range append(schedule, schedule...) {
			taken[place(p, b)]++
			for j := range taken {
				off := float64(taken[j]) - float64(i+1)*float64(reduced[j])/float64(len(schedule))
				require.Less(t, max(off, -off), 1.0, "%v: backend %d after %d picks", weights, j, i+1)
			}
		}
	}
}

// Weights that would make a schedule too long are scaled down, and nobody loses
// its last turn by that.
func TestRoundRobinScalesLargeWeights(t *testing.T) {
	p := weighted("round_robin", 3_000_001, 1_000_000, 1)
	schedule := spread(p.view.Load().eligible)
	require.InDelta(t, maxSchedule, len(schedule), 3)
	counts := picks(p, len(schedule))
	require.Equal(t, 1, counts[2])
	require.InDelta(t, 3.0, float64(counts[0])/float64(counts[1]), 0.001)
}

// A change of state does not start the rotation anew.
func TestRoundRobinContinuesAfterRebuild(t *testing.T) {
	p := weighted("round_robin", 1, 1, 1)
	counts := make([]int, 3)
	for range 30 {
		counts[place(p, p.Pick(nil))]++
		p.rebuild()
	}
	require.Equal(t, []int{10, 10, 10}, counts)
}

// Picks from many goroutines share the turns as exactly as those from one.
func TestRoundRobinConcurrently(t *testing.T) {
	p := weighted("round_robin", 1, 1, 2, 4)
	const goroutines, rounds = 8, 100
	var counts [4]atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds * 8 {
				counts[place(p, p.Pick(nil))].Add(1)
			}
		})
	}
	wg.Wait()
	for i, share := range []int64{1, 1, 2, 4} {
		require.Equal(t, share*goroutines*rounds, counts[i].Load())
	}
}
