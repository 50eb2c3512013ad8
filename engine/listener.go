package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
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
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
			return nil, l.end()
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

func (l *listener) end() error {
	close(l.ended)
	return io.EOF
}

// drainTime is how long a stop goes on accepting: connections that the kernel
// has accepted already would be reset by closing the listener.
const drainTime = 50 * time.Millisecond

// drain accepts what waits in the kernel's queue, and then closes the listener.
func (l *listener) drain() {
	if d, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = d.SetDeadline(time.Now().Add(drainTime))
	}
	timer := time.AfterFunc(drainTime, func() { close(l.done) }) // when it waits for a slot
	<-l.ended
	timer.Stop()
	_ = l.Listener.Close()
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

	mu    sync.Mutex
	conns map[*conn]struct{}
	empty chan struct{} // closed when the last one is gone, while wait waits
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
	if len(s.conns) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

func (s *connSet) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
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
	if len(s.conns) == 0 {
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
