package pool

import (
	"crypto/tls"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Pool is made of: plain, valid values.
type Config struct {
	Name     string
	Strategy string          // one of Strategies
	Backends []BackendConfig // no two with the same Addr
	Probe    ProbeConfig
	Limits   Limits

	// OnChange is called at each change of a backend's state, one call at a
	// time; it must not call the pool. It may be nil.
	OnChange func(Change)

	// Owner is called once for each backend that the pool did not have; what it
	// returns becomes Backend.Owner, and stays that for the life of the backend.
	// It must not call the pool. It may be nil.
	Owner func(addr string) any
}

// BackendConfig is one backend of a Config.
type BackendConfig struct {
	Addr     string      // host:port or unix:path
	TLS      *tls.Config // nil: plain; to Update, another pointer is another way to connect
	Weight   int         // 1 to MaxWeight
	MaxConns int         // connections at a time, at least 1
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
	Name string

	view atomic.Pointer[view]
	turn atomic.Uint64

	mu        sync.Mutex // guards what follows; held while anything changes
	config    Config
	backends  []*Backend          // of the configuration; not changed, but replaced
	leaving   []*Backend          // not in it any more, with attempts inflight
	overrides map[string]Override // by address
	changes   []Change            // not told yet
	started   bool
	closed    bool

	probed  chan struct{} // closed when the first round of probes is over
	probers sync.WaitGroup
}

// New returns a pool whose backends all count as up. It probes nothing before
// Start, which Close ends.
func New(c Config) *Pool {
	p := &Pool{Name: c.Name, probed: make(chan struct{}), overrides: make(map[string]Override)}
	p.turn.Store(rand.Uint64N(1 << 32)) // many proxies must not all begin with the same backend
	p.Update(c)
	return p
}

// shift brings the state of b in line with all that decides about it. settle must
// follow. The mutex is held.
func (p *Pool) shift(b *Backend, why string) {
	state := b.health.state
	if b.leaving.Load() || p.overrides[b.Addr].Drained {
		state = Draining
	}
	old := State(b.state.Swap(int32(state)))
	if old == state {
		return
	}
	b.since, b.why = time.Now(), why
	p.changes = append(p.changes, Change{Pool: p.Name, Backend: b, Old: old, New: state, Why: why})
}

// settle makes the next view and tells what has changed. The mutex is held.
func (p *Pool) settle() {
	p.rebuild()
	changes := p.changes
	p.changes = nil
	for _, c := range changes {
		if c.New == Down || c.New == Draining {
			c.Backend.link.Load().closeIdle()
		}
		if p.config.OnChange != nil {
			p.config.OnChange(c)
		}
	}
}

// Close ends the probes, waits for them, and closes the connections that nobody
// uses; those in use are closed when they are given back. Requests that have the
// pool already can still be sent.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	for _, b := range p.backends {
		b.endProbes()
	}
	p.tellProbed()
	p.mu.Unlock()

	p.probers.Wait()
	for _, b := range p.Backends() {
		b.link.Load().close()
	}
}

// jitter returns d, a tenth more or less.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}
