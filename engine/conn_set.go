package engine

import (
	"sync"
	"syscall"
	"time"
)

// connSet knows the open connections of clients.
type connSet struct {
	slots chan struct{} // one for each connection that is open, parked ones included

	mu     sync.Mutex
	conns  map[*conn]struct{}
	parked int
	empty  chan struct{} // closed when the last one is gone, while wait waits
}

func (s *connSet) init(limit int) {
	s.conns = make(map[*conn]struct{})
	s.slots = make(chan struct{}, limit)
}

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
		c.abort(byProxy)
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
