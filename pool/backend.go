package pool

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// State is the health of a backend.
type State int32

// The states of a backend.
const (
	Up   State = iota // eligible; also before the first probe
	Down              // its probes fail
)

// String returns the word the state has in logs and metrics.
func (s State) String() string {
	if s == Down {
		return "down"
	}
	return "up"
}

// Backend is one server of a pool. Its methods may be called from any goroutine.
type Backend struct {
	Addr  string // host:port or unix:path; also its name in logs and metrics
	Index int    // its place among the backends of its pool

	weight int64
	backup bool
	limits Limits
	tls    *tls.Config          // nil: plain
	client *fasthttp.HostClient // of which only the connection pool is used

	state   atomic.Int32
	closed  atomic.Bool   // no connection becomes idle any more
	suspect chan struct{} // asks for a probe at once

	_        [64]byte // the count below is the one thing all CPUs write
	inflight atomic.Int64
	_        [56]byte
}

func newBackend(c BackendConfig, index int, limits Limits) *Backend {
	b := &Backend{
		Addr:   c.Addr,
		Index:  index,
		weight: int64(c.Weight),
		backup: c.Backup,
		limits: limits,
		tls:    c.TLS,

		suspect: make(chan struct{}, 1),
	}
	b.client = &fasthttp.HostClient{
		Addr:                c.Addr,
		MaxConns:            c.MaxConns,
		MaxIdleConnDuration: limits.Idle,
		ConnPoolStrategy:    fasthttp.LIFO, // those that are not needed become old and are closed
		Dial: func(string) (net.Conn, error) {
			nc, socket, err := b.dial(context.Background())
			if err != nil {
				return nil, err
			}
			return newConn(nc, socket, b), nil
		},
	}
	return b
}

// State returns the health of the backend.
func (b *Backend) State() State { return State(b.state.Load()) }

// Begin counts an attempt as inflight; End, called once for it, ends that.
func (b *Backend) Begin() { b.inflight.Add(1) }

// End is called when the last byte of the attempt is out, or when it failed.
func (b *Backend) End() { b.inflight.Add(-1) }

// Inflight returns the number of attempts between Begin and End.
func (b *Backend) Inflight() int64 { return b.inflight.Load() }

// Connections returns the number of open connections, idle ones included.
func (b *Backend) Connections() int { return b.client.ConnsCount() }

// MaxConns returns the most connections at a time.
func (b *Backend) MaxConns() int { return b.client.MaxConns }

// Connect returns a connection to the backend: an idle one, else a new one. An
// idle one may be dead: what is sent on it first finds that out before anything
// goes out. With fresh it is a new one, and the idle ones are closed, as one of
// them was dead. The caller gives it back with Release or Discard. Errors are
// ErrConnLimit and those of dialing.
func (b *Backend) Connect(fresh bool) (*Conn, error) {
	if fresh {
		b.closeIdle()
	}
	for {
		cc, err := b.client.AcquireConn(0, false)
		if errors.Is(err, fasthttp.ErrNoFreeConns) {
			return nil, ErrConnLimit
		}
		if err != nil {
			select {
			case b.suspect <- struct{}{}:
			default: // asked for already
			}
			return nil, err
		}
		c := cc.Conn().(*Conn)
		if c.release == nil {
			// A new connection. Its two closures are made once for its whole
			// life: the type of cc has no name outside its package.
			c.release = func() { b.client.ReleaseConn(cc) }
			c.discard = func() { b.client.CloseConn(cc) }
			return c, nil
		}
		if !fresh {
			c.Reused = true
			return c, nil
		}
		c.discard()
	}
}

// closeIdle closes the connections nobody uses.
func (b *Backend) closeIdle() { b.client.CloseIdleConnections() }

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
