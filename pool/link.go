package pool

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// link holds the connections to a backend that were made in one way. When the way
// changes, another link takes its place: its idle connections are closed, those in
// use are when they are given back. How many there may be is counted by the
// backend, over all its links.
type link struct {
	tls    *tls.Config // nil: plain
	idle   time.Duration
	client *fasthttp.HostClient // of which only the connection pool is used
	closed atomic.Bool          // no connection becomes idle any more
}

func newLink(b *Backend, secure *tls.Config, idle time.Duration) *link {
	l := &link{tls: secure, idle: idle}
	l.client = &fasthttp.HostClient{
		Addr:                b.Addr,
		MaxConns:            math.MaxInt,
		MaxIdleConnDuration: idle,
		ConnPoolStrategy:    fasthttp.LIFO, // those that are not needed become old and are closed
		Dial: func(string) (net.Conn, error) {
			if !b.reserve() {
				return nil, ErrConnLimit
			}
			nc, socket, err := b.dial(context.Background(), l.tls)
			if err != nil {
				b.open.Add(-1)
				return nil, err
			}
			return newConn(nc, socket, b, l), nil
		},
	}
	return l
}

// close closes the connections nobody uses, now and when they are given back.
func (l *link) close() {
	l.closed.Store(true)
	l.closeIdle()
}

// closeIdle closes the connections nobody uses.
func (l *link) closeIdle() { l.client.CloseIdleConnections() }

// Connect returns a connection to the backend: an idle one, else a new one. An
// idle one may be dead: what is sent on it first finds that out before anything
// goes out. With fresh it is a new one, and the idle ones are closed, as one of
// them was dead. The caller gives it back with Release or Discard. Errors are
// ErrConnLimit and those of dialing.
func (b *Backend) Connect(fresh bool) (*Conn, error) {
	l := b.link.Load()
	if fresh {
		l.closeIdle()
	}
	for {
		cc, err := l.client.AcquireConn(0, false)
		if errors.Is(err, ErrConnLimit) {
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
			c.release = func() { l.client.ReleaseConn(cc) }
			c.discard = func() { l.client.CloseConn(cc) }
			return c, nil
		}
		if !fresh {
			c.Reused = true
			return c, nil
		}
		c.discard()
	}
}
