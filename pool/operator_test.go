package pool

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// A drained backend gets nothing new until it is undrained; both are told once. Its
// health goes on being found out meanwhile.
func TestDrain(t *testing.T) {
	fake := pooltest.New(t)
	var changes []Change
	c := of("a:1", fake.Addr)
	c.OnChange = func(c Change) { changes = append(changes, c) }
	p := updated(t, c)
	a, b := p.Backends()[0], p.Backends()[1]
	idle, s := exchange(t, b, fake, nil)
	idle.Release(true)

	require.NoError(t, p.Drain(b.Addr, false))
	require.NoError(t, p.Drain(b.Addr, false))
	require.Equal(t, Draining, b.State())
	require.Equal(t, []int{9, 0}, picks(p, 9))
	require.True(t, p.Only(a))
	require.Empty(t, s.Ended(), "idle connections are closed")

	p.setState(b, Down, "told to nobody, as nothing changes for requests")
	require.NoError(t, p.Undrain(b.Addr))
	require.NoError(t, p.Undrain(b.Addr))
	require.Equal(t, Down, b.State())
	require.NoError(t, p.Drain(b.Addr, false))
	p.setState(b, Up, "told to nobody")
	require.NoError(t, p.Undrain(b.Addr))
	require.Equal(t, []int{4, 4}, picks(p, 8))
	const undrained = "undrained by an operator"
	require.Equal(t, []Change{
		{"test", b, Up, Draining, drained}, {"test", b, Draining, Down, undrained},
		{"test", b, Down, Draining, drained}, {"test", b, Draining, Up, undrained},
	}, changes)
	require.Empty(t, p.Overrides())
	require.Equal(t, "draining", Draining.String())
}

// The last backend that can take requests is drained only by force. A backup can
// take them; one that is down, drained or was never probed cannot.
func TestDrainOfTheLast(t *testing.T) {
	c := of("a:1", "b:1", "c:1")
	c.Backends[2].Backup = true
	p := updated(t, c)
	a, b := p.Backends()[0], p.Backends()[1]
	require.NoError(t, p.Drain("a:1", false))
	require.NoError(t, p.Drain("b:1", false))
	require.Equal(t, []int{0, 0, 9}, picks(p, 9))
	require.ErrorIs(t, p.Drain("c:1", false), ErrLastEligible)
	require.Equal(t, 1, p.Eligible())
	require.NoError(t, p.Drain("c:1", true))
	require.Nil(t, p.Pick(nil))

	require.NoError(t, p.Undrain("a:1"))
	p.setState(b, Unprobed, "test")
	require.NoError(t, p.Undrain("b:1"))
	require.ErrorIs(t, p.Drain("a:1", false), ErrLastEligible)
	p.setState(a, Down, "test")
	require.ErrorIs(t, p.Drain("b:1", false), ErrLastEligible, "requests go there, for want of another")
	require.NoError(t, p.Drain("a:1", false), "it takes none now")

	require.ErrorIs(t, p.Drain("x:1", true), ErrUnknownBackend)
	require.ErrorIs(t, p.Undrain("x:1"), ErrUnknownBackend)
}

// A weight that an operator sets counts until it is reset.
func TestSetWeight(t *testing.T) {
	p := updated(t, of("a:1", "b:1"))
	require.NoError(t, p.SetWeight("a:1", 3))
	require.Equal(t, []int{30, 10}, picks(p, 40))
	require.Equal(t, []Override{{Addr: "a:1", Weight: 3}}, p.Overrides())
	require.NoError(t, p.ResetWeight("a:1"))
	require.Equal(t, []int{20, 20}, picks(p, 40))
	require.Empty(t, p.Overrides())
	for _, weight := range []int{-1, 0, MaxWeight + 1} {
		require.ErrorIs(t, p.SetWeight("a:1", weight), ErrWeight)
	}
	require.ErrorIs(t, p.SetWeight("x:1", 1), ErrUnknownBackend)
	require.ErrorIs(t, p.ResetWeight("x:1"), ErrUnknownBackend)
}

// What an operator has set holds through every Update, also for a backend that is
// removed and comes back, and in another pool that gets it handed over.
func TestOverridesLast(t *testing.T) {
	both, one := of("a:1", "b:1", "c:1"), of("b:1")
	p := updated(t, both)
	require.NoError(t, p.Drain("c:1", false))
	require.NoError(t, p.SetWeight("a:1", 5))
	want := []Override{{Addr: "a:1", Weight: 5}, {Addr: "c:1", Drained: true}}
	both.Backends[0].Weight = 2
	p.Update(both)
	require.Equal(t, []int{50, 10, 0}, picks(p, 60))
	p.Update(one)
	require.Equal(t, want, p.Overrides())
	p.Update(both)
	require.Equal(t, []int{50, 10, 0}, picks(p, 60))

	other := updated(t, both)
	other.Restore(append(p.Overrides(), Override{Addr: "x:1", Drained: true}, Override{Addr: "b:1", Weight: -7}))
	require.Equal(t, []int{50, 10, 0}, picks(other, 60))
	require.Equal(t, append(want, Override{Addr: "x:1", Drained: true}), other.Overrides())
	require.NoError(t, other.Undrain("x:1"), "the pool does not have it, but an override for it")
	require.Equal(t, want, other.Overrides())
	require.NoError(t, other.Undrain("c:1"))
	require.NoError(t, other.ResetWeight("a:1"))
	require.Equal(t, []int{20, 10, 10}, picks(other, 40))
}

// A status tells what an operator asks about one backend.
func TestStatus(t *testing.T) {
	fake := pooltest.New(t)
	c := of("a:1", fake.Addr)
	c.Backends[1].Weight, c.Backends[1].Backup = 4, true
	p := updated(t, c)
	b := p.Backends()[1]
	began := b.Status().Since
	require.False(t, began.IsZero())
	idle, _ := exchange(t, b, fake, nil)
	used, _ := exchange(t, b, fake, nil)
	idle.Release(true)
	b.Begin()
	want := Status{
		Addr: fake.Addr, Backup: true, State: Up, Since: began, Health: Up, Weight: 4, Configured: 4,
		Inflight: 1, Connections: 2, Idle: 1, MaxConns: 8,
	}
	require.Equal(t, want, b.Status())
	require.NoError(t, p.SetWeight(b.Addr, 7))
	require.NoError(t, p.Drain(b.Addr, false))
	want.State, want.Why, want.Weight, want.Overridden = Draining, drained, 7, true
	want.Connections, want.Idle = 1, 0
	want.Since = b.Status().Since
	require.Equal(t, want, b.Status())
	require.False(t, want.Since.Before(began))
	used.Discard()
	b.End()
}

// Headroom tells what is left for requests if a backend is drained.
func TestHeadroom(t *testing.T) {
	c := of("a:1", "b:1", "c:1", "d:1", "e:1")
	c.Backends[0].Weight = 2
	c.Backends[3].Backup = true
	p := updated(t, c)
	p.setState(p.Backends()[4], Down, "test")
	busy(p, 5, 2, 1, 0, 0)
	for addr, want := range map[string]Headroom{
		"a:1": {Backends: 2, Of: 3, Weight: 2, OfWeight: 4, Inflight: 8, MaxConns: 16},
		"c:1": {Backends: 2, Of: 3, Weight: 3, OfWeight: 4, Inflight: 8, MaxConns: 16},
		"e:1": {Backends: 3, Of: 3, Weight: 4, OfWeight: 4, Inflight: 8, MaxConns: 24},
	} {
		got, err := p.Headroom(addr)
		require.NoError(t, err)
		require.Equal(t, want, got, addr)
		require.InDelta(t, float64(want.Weight)/4, got.Share(), 1e-9)
	}
	require.NoError(t, p.Drain("a:1", false))
	require.NoError(t, p.Drain("b:1", false))
	got, err := p.Headroom("c:1")
	require.NoError(t, err)
	require.Equal(t, Headroom{Backends: 1, Of: 1, Weight: 1, OfWeight: 1, Inflight: 8, MaxConns: 8}, got, "the backup")
	require.NoError(t, p.Drain("c:1", false))
	got, err = p.Headroom("d:1")
	require.NoError(t, err)
	require.Zero(t, got.Share())
	require.NoError(t, p.Drain("d:1", true))
	got, err = p.Headroom("d:1")
	require.NoError(t, err)
	require.Zero(t, got.Share())
	_, err = p.Headroom("x:1")
	require.ErrorIs(t, err, ErrUnknownBackend)
	busy(p, 0, 0, 0, 0, 0)
}
