package pool

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A retry gets a backend that was not tried, and one that was only when there is
// no other.
func TestPickAvoidsTheTried(t *testing.T) {
	for _, strategy := range Strategies() {
		p := weighted(strategy, 1, 1, 1)
		a, b, c := p.Backends()[0], p.Backends()[1], p.Backends()[2]
		seen := map[*Backend]int{}
		for range 100 {
			seen[p.Pick([]*Backend{b})]++
		}
		for range 10 {
			require.Same(t, b, p.Pick([]*Backend{c, a}), strategy)
			require.Contains(t, p.Backends(), p.Pick([]*Backend{b, c, a}), strategy)
		}
		require.Len(t, seen, 2, strategy)
		require.NotContains(t, seen, b, strategy)

		p.setState(c, Down, "test")
		for range 10 {
			require.Same(t, b, p.Pick([]*Backend{a}), strategy)
		}
		p.setState(b, Down, "test")
		require.Same(t, a, p.Pick([]*Backend{a}), strategy)
	}
}

// Backends that are down get nothing, and when all are there is none to pick.
func TestPickOnlyEligible(t *testing.T) {
	for _, strategy := range Strategies() {
		p := weighted(strategy, 3, 2, 1)
		require.Equal(t, 3, p.Eligible())
		p.setState(p.Backends()[0], Down, "test")
		require.Equal(t, 2, p.Eligible())
		require.Zero(t, picks(p, 12)[0], strategy)

		p.setState(p.Backends()[1], Down, "test")
		p.setState(p.Backends()[2], Down, "test")
		require.Zero(t, p.Eligible())
		require.Nil(t, p.Pick(nil), strategy)
		require.Nil(t, p.Pick(p.Backends()[:1]), strategy)

		p.setState(p.Backends()[0], Up, "test")
		require.Equal(t, []int{5, 0, 0}, picks(p, 5), strategy)
	}
	require.Nil(t, New(Config{Strategy: "round_robin"}).Pick(nil), "a pool without backends")
}

// Backups get requests exactly while no ordinary backend is eligible.
func TestPickBackup(t *testing.T) {
	p := New(Config{Strategy: "round_robin", Backends: []BackendConfig{
		{Addr: "a", Weight: 1}, {Addr: "b", Weight: 1}, {Addr: "c", Weight: 1, Backup: true}, {Addr: "d", Weight: 1, Backup: true},
	}})
	require.Equal(t, []int{2, 2, 0, 0}, picks(p, 4))
	p.setState(p.Backends()[0], Down, "test")
	require.Equal(t, []int{0, 4, 0, 0}, picks(p, 4))
	p.setState(p.Backends()[1], Down, "test")
	require.Equal(t, []int{0, 0, 2, 2}, picks(p, 4))
	p.setState(p.Backends()[2], Down, "test")
	require.Equal(t, []int{0, 0, 0, 4}, picks(p, 4))
	p.setState(p.Backends()[1], Up, "test")
	require.Equal(t, []int{0, 4, 0, 0}, picks(p, 4))
}

// Each change of state is told once, in order, with what it was and why; what
// changes nothing is not told.
func TestOnChange(t *testing.T) {
	var changes []Change
	p := New(Config{
		Name: "api", Strategy: "round_robin", Backends: []BackendConfig{{Addr: "a", Weight: 1}},
		OnChange: func(c Change) { changes = append(changes, c) },
	})
	b := p.Backends()[0]
	p.setState(b, Up, "no change")
	p.setState(b, Down, "broke")
	p.setState(b, Down, "no change")
	p.setState(b, Up, "healed")
	require.Equal(t, []Change{
		{Pool: "api", Backend: b, Old: Up, New: Down, Why: "broke"},
		{Pool: "api", Backend: b, Old: Down, New: Up, Why: "healed"},
	}, changes)
	require.Equal(t, "down", Down.String())
	require.Equal(t, "up", Up.String())
}

// Picks go on while states change, and never return a backend that was down
// throughout.
func TestPickWhileStatesChange(t *testing.T) {
	for _, strategy := range Strategies() {
		p := weighted(strategy, 1, 2, 1, 3)
		always, never := p.Backends()[0], p.Backends()[1]
		p.setState(never, Down, "test")
		var wg sync.WaitGroup
		for _, b := range p.Backends()[2:] {
			wg.Go(func() {
				for i := range 200 {
					p.setState(b, State(i%2), "test")
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				for range 2000 {
					b := p.Pick([]*Backend{always})
					if b == nil || b == never {
						t.Error("picked", b)
						return
					}
					b.Begin()
					b.End()
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, p.Eligible(), strategy) // the last change of each was to down
	}
}

// A retry goes to a backup when every other backend was tried.
func TestRetryOnBackup(t *testing.T) {
	p := New(Config{Name: "test", Strategy: "round_robin", Backends: []BackendConfig{
		{Addr: "a:1", Weight: 1, MaxConns: 1}, {Addr: "b:1", Weight: 1, MaxConns: 1, Backup: true},
	}})
	t.Cleanup(p.Close)
	a, b := p.Backends()[0], p.Backends()[1]
	require.Same(t, a, p.Pick(nil))
	require.Same(t, b, p.Pick([]*Backend{a}))
	require.Same(t, a, p.Pick([]*Backend{a, b}))
	require.False(t, p.Only(a))
	p.setState(b, Down, "test")
	require.True(t, p.Only(a))
}
