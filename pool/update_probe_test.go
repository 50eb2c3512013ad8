package pool

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// with is the config of a pool made by probing, with these backends.
func (p probed) with(addrs ...string) Config {
	c := of(addrs...)
	c.Probe, c.OnChange = p.config.Probe, p.config.OnChange
	return c
}

// probe lets the next connection to a backend be a probe that gets this status.
func probe(b *pooltest.Backend, status int) {
	s := b.Accept()
	s.Receive()
	s.Reply(status, "")
}

// A backend that is added is picked once its first probe has succeeded, and down
// when that fails. The others are not probed anew for that.
func TestUpdateAddsProbed(t *testing.T) {
	a, good, bad := pooltest.New(t), pooltest.New(t), pooltest.New(t)
	p := probing(t, once(), a.Addr)
	p.Start()
	probe(a, 200)
	<-p.Probed()
	p.Update(p.with(a.Addr, good.Addr, bad.Addr))
	require.Equal(t, Unprobed, p.Backends()[1].State())
	require.Equal(t, []int{9, 0, 0}, picks(p.Pool, 9))
	require.True(t, p.Only(p.Backends()[0]))

	probe(good, 200)
	require.Equal(t, Change{Pool: "test", Backend: p.Backends()[1], Old: Unprobed, New: Up, Why: "1 successful probes in a row"}, p.change(t))
	probe(bad, 500)
	change := p.change(t)
	require.Equal(t, []State{Unprobed, Down}, []State{change.Old, change.New})
	require.Equal(t, []int{5, 5, 0}, picks(p.Pool, 10))
	require.Equal(t, 1, a.Connections())
}

// When all backends of a pool are replaced at once, the new ones get requests
// before they were probed; as soon as one of them is up, only those that are.
func TestUpdateReplacesAll(t *testing.T) {
	a, good, slow := pooltest.New(t), pooltest.New(t), pooltest.New(t)
	p := probing(t, once(), a.Addr)
	p.Start()
	probe(a, 200)
	<-p.Probed()
	p.Update(p.with(good.Addr, slow.Addr))
	require.Equal(t, Draining, p.change(t).New)
	require.Equal(t, []int{5, 5}, picks(p.Pool, 10))
	probe(good, 200)
	require.Equal(t, Up, p.change(t).New)
	require.Equal(t, []int{10, 0}, picks(p.Pool, 10))
	p.setState(p.Backends()[0], Down, "test")
	require.Equal(t, []int{0, 10}, picks(p.Pool, 10), "better than nothing")
}

// The probes of a backend that is removed end; one that is under way then says
// nothing any more.
func TestUpdateEndsProbes(t *testing.T) {
	a, b := pooltest.New(t), pooltest.New(t)
	p := probing(t, once(), a.Addr, b.Addr)
	p.Start()
	s := b.Accept()
	s.Receive()
	p.Update(p.with(a.Addr))
	require.Empty(t, s.Ended())
	require.Equal(t, Draining, p.change(t).New)
	probe(a, 200)
	<-p.Probed() // which b is not needed for
	require.Empty(t, p.changes)
}

// Other probes begin at once, and what was found out before counts: a backend that
// is down needs its successes in a row.
func TestUpdateProbes(t *testing.T) {
	a := pooltest.New(t)
	p := probing(t, once(), a.Addr)
	p.Start()
	probe(a, 500)
	require.Equal(t, Down, p.change(t).New)
	c := p.with(a.Addr)
	c.Probe.Path, c.Probe.Rise = "/other", 2
	p.Update(c)
	s := a.Accept()
	require.Equal(t, "/other", s.Receive().RequestURI)
	s.Reply(200, "")
	eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.backends[0].health.row == 1
	})
	require.Equal(t, Down, p.Backends()[0].State())

	// Without probes all are up; with them again, nobody is sent away unasked.
	c.Probe.Interval = 0
	p.Update(c)
	require.Equal(t, "not probed any more: health_check.interval is 0", p.change(t).Why)
	require.Equal(t, 1, p.Eligible())
	c.Probe = once()
	p.Update(c)
	require.Equal(t, 1, p.Eligible())
	probe(a, 500)
	require.Equal(t, Down, p.change(t).New)
}

// Only the first result decides alone, whatever it is.
func TestHealthOfUnprobed(t *testing.T) {
	bad := errors.New("refused")
	h := health{state: Unprobed}
	require.NotEmpty(t, h.add(nil, 3, 3))
	require.Equal(t, Up, h.state)
	require.Empty(t, h.add(bad, 3, 3))
	h = health{state: Unprobed}
	require.NotEmpty(t, h.add(bad, 3, 3))
	require.Empty(t, h.add(nil, 3, 3))
	require.Equal(t, Down, h.state)
}
