package pool

import (
	"context"
	"sync/atomic"
	"time"
)

// State is what decides whether a backend may be picked.
type State int32

// The states of a backend.
const (
	Up       State = iota // eligible; also before the first probe since the start of the process
	Down                  // its probes fail
	Draining              // it gets no new requests: an operator's will, or it left the configuration
	Unprobed              // added while the pool serves: eligible only while no other backend is up
)

// String returns the word the state has in logs and metrics.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	case Draining:
		return "draining"
	}
	return "unprobed"
}

// Backend is one server of a pool. Its methods may be called from any goroutine.
type Backend struct {
	Addr  string // host:port or unix:path; also its name in logs and metrics
	Owner any    // what Config.Owner returned for it

	pool     *Pool
	limits   atomic.Pointer[Limits]
	link     atomic.Pointer[link] // where connections come from
	maxConns atomic.Int64

	state   atomic.Int32
	leaving atomic.Bool   // it is not in the configuration any more
	suspect chan struct{} // asks for a probe at once

	// Guarded by the mutex of the pool.
	weight  int64 // of the configuration
	backup  bool
	health  health
	since   time.Time          // of the state
	why     string             // of the last change of state; empty before the first
	unprobe context.CancelFunc // ends its probes; nil: there are none

	_        [64]byte // the counts below are what all CPUs write
	inflight atomic.Int64
	open     atomic.Int64 // connections
	_        [48]byte
}

func newBackend(p *Pool, addr string, at State) *Backend {
	b := &Backend{Addr: addr, pool: p, suspect: make(chan struct{}, 1), since: time.Now(), health: health{state: at}}
	b.state.Store(int32(at))
	return b
}

// configure makes b what the configuration says. Its connections stay unless how
// they are made, or how long they may be idle, has changed.
func (b *Backend) configure(c BackendConfig, limits *Limits) {
	b.weight, b.backup = int64(c.Weight), c.Backup
	b.limits.Store(limits)
	b.maxConns.Store(int64(c.MaxConns))
	old := b.link.Load()
	switch {
	case old == nil || old.closed.Load() || old.tls != c.TLS || old.idle != limits.Idle:
		b.link.Store(newLink(b, c.TLS, limits.Idle))
		if old != nil {
			old.close()
		}
	case b.crowded():
		old.closeIdle()
	}
}

// State returns whether the backend may be picked, and if not why.
func (b *Backend) State() State { return State(b.state.Load()) }

// Begin counts an attempt as inflight; End, called once for it, ends that.
func (b *Backend) Begin() { b.inflight.Add(1) }

// End is called when the last byte of the attempt is out, or when it failed.
func (b *Backend) End() {
	if b.inflight.Add(-1) == 0 && b.leaving.Load() {
		b.pool.left(b)
	}
}

// Inflight returns the number of attempts between Begin and End.
func (b *Backend) Inflight() int64 { return b.inflight.Load() }

// Connections returns the number of open connections, idle ones included.
func (b *Backend) Connections() int { return int(b.open.Load()) }

// Idle returns the number of connections that nobody uses.
func (b *Backend) Idle() int { return b.link.Load().client.IdleConnsCount() }

// MaxConns returns the most connections at a time.
func (b *Backend) MaxConns() int { return int(b.maxConns.Load()) }

// reserve takes the place of one more connection, which Conn.Close gives back.
func (b *Backend) reserve() bool {
	for {
		n := b.open.Load()
		if n >= b.maxConns.Load() {
			return false
		}
		if b.open.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// crowded reports whether there are more connections than there may be, which
// happens when max_conns becomes smaller.
func (b *Backend) crowded() bool { return b.open.Load() > b.maxConns.Load() }

// Limits bound what a backend can make the proxy wait for or hold.
type Limits struct {
	Connect        time.Duration // to open a connection
	TLSHandshake   time.Duration // once it is open
	ResponseHeader time.Duration // from the last byte sent to the end of the response head
	ResponseBody   time.Duration // longest silence inside a response body
	Idle           time.Duration // an unused connection is closed after
	HeadBytes      int           // of a response head
	Fields         int           // of a response head
}
