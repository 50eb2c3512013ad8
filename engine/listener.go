package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/engine/certs"
	"github.com/ESousa97/goproxyreverso/engine/config"
)

// listener accepts the clients' connections on one address and makes each a conn.
// It lives for as long as the configuration has its address; what else that says
// of it changes under its connections.
type listener struct {
	Socket
	engine   *Engine
	address  string // as the configuration spells it
	settings atomic.Pointer[listenerSettings]

	closing atomic.Bool   // its connections end after the exchange under way
	done    chan struct{} // closed when no slot is waited for any more
	ended   chan struct{} // closed when Accept has returned its last connection
}

// listenerSettings is what the configuration says of a listener. It is immutable;
// an exchange loads it once.
type listenerSettings struct {
	config  config.Listener
	trusted []netip.Prefix
	store   *certs.Store // how TLS is spoken; nil: it is not
	hsts    []byte       // the field Strict-Transport-Security; nil: it is not sent
}

// newListenerSettings compiles what c says. before is what the listener has so far,
// nil if it is new.
func (e *Engine) newListenerSettings(c config.Listener, before *listenerSettings, t *transition) (*listenerSettings, error) {
	s := &listenerSettings{config: c, trusted: c.TrustedProxies}
	if c.TLS.HSTS > 0 {
		s.hsts = fmt.Appendf(nil, "Strict-Transport-Security: max-age=%d\r\n", c.TLS.HSTS/time.Second)
	}
	if before != nil && before.config.TLS.On() == c.TLS.On() && certSpec(c.TLS).Equal(certSpec(before.config.TLS)) {
		s.store = before.store
		return s, nil
	}
	if before != nil {
		t.onCommit(before.close)
	}
	if !c.TLS.On() {
		return s, nil
	}
	var err error
	if s.store, err = certs.New(certSpec(c.TLS), e.tickets, e.log); err == nil {
		t.onUndo(s.close)
	}
	return s, err
}

// close ends what the settings hold. Connections go on.
func (s *listenerSettings) close() {
	if s.store != nil {
		_ = s.store.Close()
	}
}

// trusts reports whether an address is that of a trusted proxy.
func (s *listenerSettings) trusts(addr netip.Addr) bool {
	for _, p := range s.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// now returns the settings, nil when there is no listener.
func (l *listener) now() *listenerSettings {
	if l == nil {
		return nil
	}
	return l.settings.Load()
}

// openListener opens the listener that c describes.
func (e *Engine) openListener(c config.Listener, settings *listenerSettings) (*listener, error) {
	socket, err := e.openSocket(c)
	if err != nil {
		return nil, err
	}
	l := &listener{Socket: socket, engine: e, address: c.Addr, done: make(chan struct{}), ended: make(chan struct{})}
	l.settings.Store(settings)
	return l, nil
}

// Accept returns the next connection. Over limits.max_connections it waits, with
// one connection in hand, until another has ended; the others wait in the kernel's
// queue. It ends with io.EOF once drain was called and that queue is empty:
// fasthttp's server takes that for a regular end.
func (l *listener) Accept() (net.Conn, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, time.Second) {
		nc, err := l.Listener.Accept()
		if err == nil {
			if c := l.admit(nc); c != nil {
				return c, nil
			}
			return nil, l.end()
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return l.acceptLast()
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
			l.engine.log.Warn("cannot accept", "error", err, "setting", "limits.max_connections, or the file limit of the process")
			l.pause(pause)
		case errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.EINTR):
			// That client left while it waited.
		default:
			close(l.ended)
			return nil, err
		}
	}
}

// admit makes a conn of an accepted connection as soon as there is a slot for it.
// It returns nil when a stop gave up on that.
func (l *listener) admit(nc net.Conn) *conn {
	slots := l.engine.conns.slots
	select {
	case slots <- struct{}{}:
	default: // Slow path: all are taken.
		select {
		case slots <- struct{}{}:
		case <-l.done:
			_ = nc.Close()
			return nil
		}
	}
	c := newConn(l, newLine(nc))
	l.engine.conns.add(c)
	return c
}

// pause waits before Accept is tried again, and no longer than until drain.
func (l *listener) pause(d time.Duration) {
	select {
	case <-l.done:
	case <-time.After(d):
	}
}

// acceptLast returns what is left in the kernel's queue, one connection a call,
// and closes the listener the moment it is empty.
func (l *listener) acceptLast() (net.Conn, error) {
	_ = l.Listener.(deadliner).SetDeadline(time.Time{})
	if l.queued() {
		_ = l.Listener.(deadliner).SetDeadline(time.Now().Add(drainTime))
		return l.Accept()
	}
	return nil, l.end()
}

// deadliner is a listener whose Accept can be ended.
type deadliner interface{ SetDeadline(time.Time) error }

// queued reports whether a connection can be accepted without waiting.
func (l *listener) queued() bool {
	some := false
	l.control(func(fd uintptr) {
		events := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(events[:], 0)
		some = n > 0 && err == nil
	})
	return some
}

// end closes the listener: from here on clients are refused, unless somebody else
// listens on the same socket.
func (l *listener) end() error {
	_ = l.Close()
	close(l.ended)
	return io.EOF
}

// drainTime is how long a stop goes on accepting: connections that the kernel
// has accepted already would be reset by closing the listener.
const drainTime = 50 * time.Millisecond

// drain accepts what waits in the kernel's queue, and then closes the listener.
func (l *listener) drain() {
	l.closing.Store(true)
	_ = l.Listener.(deadliner).SetDeadline(time.Now().Add(drainTime))
	timer := time.AfterFunc(drainTime, func() { close(l.done) }) // when it waits for a slot
	<-l.ended
	timer.Stop()
}
