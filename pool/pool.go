package pool

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Pool is made of: plain, valid values.
type Config struct {
	Name     string
	Strategy string // one of Strategies
	Backends []BackendConfig
	Probe    ProbeConfig
	Limits   Limits
	OnChange func(Change) // called at each change of state, one call at a time; may be nil
}

// BackendConfig is one backend of a Config.
type BackendConfig struct {
	Addr     string      // host:port or unix:path
	TLS      *tls.Config // nil: plain
	Weight   int         // at least 1
	MaxConns int         // connections at a time
	Backup   bool
}

// Change is a change of a backend's state.
type Change struct {
	Pool    string
	Backend *Backend
	Old     State
	New     State
	Why     string
}

// Pool is a named group of backends. Its methods may be called from any goroutine.
type Pool struct {
	Name     string
	Strategy string
	Backends []*Backend

	eligible atomic.Pointer[eligible]
	turn     atomic.Uint64

	mu       sync.Mutex // held while a state changes
	onChange func(Change)

	probe   ProbeConfig
	probed  chan struct{} // closed when the first round of probes is over
	cancel  context.CancelFunc
	probers sync.WaitGroup
}

// eligible is an immutable list of backends that may be picked, with its Picker.
type eligible struct {
	backends []*Backend
	picker   Picker
	reserve  []*Backend // backups that are up: for retries, when all others were tried
}

// New returns a pool whose backends all count as up. It probes nothing before
// Start, which Close ends.
func New(c Config) *Pool {
	p := &Pool{
		Name:     c.Name,
		Strategy: c.Strategy,
		onChange: c.OnChange,
		probe:    c.Probe,
		probed:   make(chan struct{}),
	}
	for i, bc := range c.Backends {
		p.Backends = append(p.Backends, newBackend(bc, i, c.Limits))
	}
	p.turn.Store(rand.Uint64N(1 << 32)) // many proxies must not all begin with the same backend
	p.rebuild()
	return p
}

// Pick returns the backend for the next attempt, by preference none of tried;
// one of them only when no other is eligible. It returns nil when none is.
func (p *Pool) Pick(tried []*Backend) *Backend {
	e := p.eligible.Load()
	if len(e.backends) == 0 {
		return nil
	}
	b := e.picker.Pick()
	if len(tried) == 0 || !slices.Contains(tried, b) {
		return b
	}
	// Slow path: a retry whose pick was tried already.
	for _, list := range [][]*Backend{e.backends, e.reserve} {
		start := rand.IntN(max(1, len(list)))
		for i := range list {
			if other := list[(start+i)%len(list)]; !slices.Contains(tried, other) {
				return other
			}
		}
	}
	return b
}

// Only reports whether b is the one backend that a request could be sent to.
func (p *Pool) Only(b *Backend) bool {
	e := p.eligible.Load()
	return len(e.backends) == 1 && e.backends[0] == b && len(e.reserve) == 0
}

// Eligible returns the number of backends that may be picked.
func (p *Pool) Eligible() int { return len(p.eligible.Load().backends) }

// setState changes the state of a backend, rebuilds the eligible list and tells
// about it. It does nothing when the state is that already.
func (p *Pool) setState(b *Backend, state State, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := State(b.state.Swap(int32(state)))
	if old == state {
		return
	}
	p.rebuild()
	if state == Down {
		b.closeIdle()
	}
	if p.onChange != nil {
		p.onChange(Change{Pool: p.Name, Backend: b, Old: old, New: state, Why: why})
	}
}

// rebuild makes the eligible list: the backends that are up, those that are
// backup only when there is no other.
func (p *Pool) rebuild() {
	var ordinary, backup []*Backend
	for _, b := range p.Backends {
		switch {
		case b.State() != Up:
		case b.backup:
			backup = append(backup, b)
		default:
			ordinary = append(ordinary, b)
		}
	}
	e := &eligible{backends: ordinary, reserve: backup}
	if len(ordinary) == 0 {
		e.backends, e.reserve = backup, nil
	}
	if len(e.backends) > 0 {
		e.picker = strategies[p.Strategy](e.backends, &p.turn)
	}
	p.eligible.Store(e)
}

// Close ends the probes, waits for them, and closes the connections that nobody
// uses; those in use are closed when they are given back.
func (p *Pool) Close() {
	if p.cancel != nil {
		p.cancel()
	}
	p.probers.Wait()
	for _, b := range p.Backends {
		b.closed.Store(true)
		b.closeIdle()
	}
}

// jitter returns d, a tenth more or less.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}
