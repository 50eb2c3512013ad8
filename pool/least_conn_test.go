package pool

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// busy makes the inflight counts of the pool those given.
func busy(p *Pool, inflight ...int64) *Pool {
	for i, n := range inflight {
		p.Backends()[i].inflight.Store(n)
	}
	return p
}

// The backend with the fewest inflight exchanges by weight is picked, and those
// that are equal take turns evenly, wherever they stand among the others.
func TestLeastConn(t *testing.T) {
	for _, c := range []struct {
		weights  []int
		inflight []int64
		picks    []int // of the next 12
	}{
		{[]int{1, 1, 1}, []int64{2, 1, 3}, []int{0, 12, 0}},
		{[]int{1, 1, 1}, []int64{0, 0, 0}, []int{4, 4, 4}},
		{[]int{1, 1, 1}, []int64{5, 0, 0}, []int{0, 6, 6}},
		{[]int{1, 1, 1, 1}, []int64{0, 5, 5, 0}, []int{6, 0, 0, 6}},
		{[]int{1, 1, 1, 1}, []int64{5, 5, 0, 5}, []int{0, 0, 12, 0}},
		{[]int{1, 2}, []int64{0, 0}, []int{0, 12}},
		{[]int{1, 2}, []int64{0, 1}, []int{6, 6}},
		{[]int{1, 2}, []int64{0, 2}, []int{12, 0}},
		{[]int{3, 1, 1}, []int64{2, 0, 0}, []int{4, 4, 4}},
		{[]int{3, 1, 1}, []int64{1, 0, 0}, []int{12, 0, 0}},
	} {
		p := busy(weighted("least_conn", c.weights...), c.inflight...)
		require.Equal(t, c.picks, picks(p, 12), "weights %v, inflight %v", c.weights, c.inflight)
	}
}

// Exchanges that overlap are spread as the weights say.
func TestLeastConnByWeight(t *testing.T) {
	p := weighted("least_conn", 1, 2, 4)
	for range 70 {
		p.Pick(nil).Begin()
	}
	for i, want := range []int64{10, 20, 40} {
		require.Equal(t, want, p.Backends()[i].Inflight())
	}
}

// A backend that is slow never holds more exchanges than the others by more
// than the one that is given to it, and so gets less to do than they.
func TestLeastConnSparesTheSlow(t *testing.T) {
	p := weighted("least_conn", 1, 1, 1)
	random := rand.New(rand.NewPCG(1, 2))
	slow := p.Backends()[0]
	given := make([]int, 3)
	for range 12 {
		p.Pick(nil).Begin()
	}
	for range 2000 {
		// One exchange ends, at the slow backend in one of 21 cases.
		ending := p.Backends()[1+random.IntN(2)]
		if random.IntN(21) == 0 {
			ending = slow
		}
		if ending.Inflight() > 0 {
			ending.End()
		}
		b := p.Pick(nil)
		for _, other := range p.Backends() {
			require.LessOrEqual(t, b.Inflight(), other.Inflight())
		}
		b.Begin()
		given[place(p, b)]++
		require.LessOrEqual(t, slow.Inflight(), 1+min(p.Backends()[1].Inflight(), p.Backends()[2].Inflight()))
	}
	require.Less(t, given[0]*4, given[1])
	require.Less(t, given[0]*4, given[2])
}
