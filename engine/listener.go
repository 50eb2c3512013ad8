package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// listener accepts the clients' connections and makes each a conn. It holds
// limits.max_connections: over it, clients wait in the kernel's queue.
type listener struct {
	net.Listener
	engine *Engine
	slots  chan struct{} // one for each connection that may still be opened
	done   chan struct{} // closed by drain
	ended  chan struct{} // closed when Accept has returned its last connection
}

func newListener(e *Engine, ln net.Listener, max int) *listener {
	l := &listener{
		Listener: ln,
		engine:   e,
		slots:    make(chan struct{}, max),
		done:     make(chan struct{}),
		ended:    make(chan struct{}),
	}
	e.conns.slots = l.slots
	return l
}

// Accept returns the next connection. It ends with io.EOF once drain was called
// and the kernel's queue is empty: fasthttp's server takes that for a regular end.
func (l *listener) Accept() (net.Conn, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, time.Second) {
		select {
		case l.slots <- struct{}{}:
		case <-l.done:
			return nil, l.end()
		}
		nc, err := l.Listener.Accept()
		if err == nil {
			c := newConn(l.engine, nc)
			l.engine.conns.add(c)
			return c, nil
		}
		<-l.slots
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
	sc, ok := l.Listener.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	some := false
	_ = raw.Control(func(fd uintptr) {
		events := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(events[:], 0)
		some = n > 0 && err == nil
	})
	return some
}

// end closes the listener: from here on clients are refused.
func (l *listener) end() error {
	_ = l.Listener.Close()
	close(l.ended)
	return io.EOF
}

// drainTime is how long a stop goes on accepting: connections that the kernel
// has accepted already would be reset by closing the listener.
const drainTime = 50 * time.Millisecond

// drain accepts what waits in the kernel's queue, and then closes the listener.
func (l *listener) drain() {
	_ = l.Listener.(deadliner).SetDeadline(time.Now().Add(drainTime))
	timer := time.AfterFunc(drainTime, func() { close(l.done) }) // when it waits for a slot
	<-l.ended
	timer.Stop()
}

// maxConnections returns the configured limit, or what the file limit allows: a
// client's connection needs a second file for the backend's, and a few files
// serve the process itself.
func maxConnections(configured int) int {
	if configured > 0 {
		return configured
	}
	const own, most = 64, 1 << 20
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return most
	}
	return max(1, min(most, int(min(limit.Cur, 4*most))/2-own))
}

// connSet knows the open connections of clients.
type connSet struct {
	slots chan struct{}

	mu     sync.Mutex
	conns  map[*conn]struct{}
	parked int
	empty  chan struct{} // closed when the last one is gone, while wait waits
}

func (s *connSet) init() { s.conns = make(map[*conn]struct{}) }

func (s *connSet) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
}

func (s *connSet) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	<-s.slots
	s.tellEmpty()
}

// replace takes out a connection that is parked: it is still open.
func (s *connSet) replace(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.parked++
}

// release counts the end of a parked connection.
func (s *connSet) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parked--
	<-s.slots
	s.tellEmpty()
}

// resume is add for a connection that was parked.
func (s *connSet) resume(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parked--
	s.conns[c] = struct{}{}
}

// tellEmpty wakes wait when no connection is left; s.mu is held.
func (s *connSet) tellEmpty() {
	if len(s.conns)+s.parked == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// len returns the number of open connections, parked ones included.
func (s *connSet) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) + s.parked
}

func (s *connSet) list() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// wake ends the wait of those that are idle.
func (s *connSet) wake() {
	for _, c := range s.list() {
		c.wake()
	}
}

// closeAll closes the sockets under the exchanges that use them; those end with
// an error then.
func (s *connSet) closeAll() {
	for _, c := range s.list() {
		c.abort()
	}
}

// wait waits until no connection is open, for at most limit, or without end when
// limit is 0, and reports whether none is.
func (s *connSet) wait(limit time.Duration) bool {
	s.mu.Lock()
	if len(s.conns)+s.parked == 0 {
		s.mu.Unlock()
		return true
	}
	empty := make(chan struct{})
	s.empty = empty
	s.mu.Unlock()
	var timeout <-chan time.Time
	if limit > 0 {
		timeout = time.After(limit)
	}
	select {
	case <-empty:
		return true
	case <-timeout:
		return false
	}
}
