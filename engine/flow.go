package engine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// flow serves request after request as long as each comes whole, and makes one
// system call for each that it reads.
//
// An ordinary read tries, finds nothing, and only then waits: between two
// requests of a connection that is a system call for nothing. The runtime's raw
// read calls a function of ours whenever the socket became readable, and waits
// again when that says so. Here the function serves a whole exchange before it
// lets the wait go on. The runtime keeps in mind that the socket became readable
// while nobody waited, so a request that comes early, while the one before it is
// still served, is not missed: the next wait is over at once.
//
// While flow runs, the connection cannot be read from in the ordinary way. So it
// ends, and leaves the request to await, when a head or a body comes in pieces, and
// when the connection is to become a tunnel.
//
// It reports whether the connection goes on.
func (c *conn) flow() bool {
	if c.raw == nil || len(c.Reader.Buffered()) > 0 {
		return true
	}
	c.goesOn, c.waits = true, false
	err := c.raw.Read(c.step)
	if err == nil {
		return c.goesOn
	}
	if c.waits && !c.idle.CompareAndSwap(true, false) {
		c.woken()
		return true // await answers what the client has sent meanwhile
	}
	c.Reader.Release()
	c.parks = errors.Is(err, os.ErrDeadlineExceeded)
	return false
}

// next is called when the socket may be readable, and reports whether flow ends.
func (c *conn) next(fd uintptr) (ends bool) {
	n, err := http1.ReadNow(fd, c.Reader.Space())
	if err == unix.EAGAIN || err == unix.EINTR {
		return !c.waits && !c.rest()
	}
	woken := c.waits && !c.idle.CompareAndSwap(true, false)
	c.waits = false
	if err != nil || n == 0 {
		c.goesOn = false
		return true
	}
	c.Reader.Added(n)
	c.counters.received.Add(uint64(n))
	if woken {
		c.woken()
		return true
	}
	if !c.Reader.HasHead() {
		return true
	}
	c.readHead(c.engine.snapshot.Load(), http1.Now())
	if !c.exchange.isWhole() {
		c.hasHead = true
		return true
	}
	if !c.exchange.run() {
		c.goesOn = false
		return true
	}
	return len(c.Reader.Buffered()) > 0 || !c.rest()
}

// rest makes ready to wait for the next request, and reports whether that is what
// is to be done: not while a stop is under way.
func (c *conn) rest() bool {
	c.Reader.Rest()
	c.ReadWithin(c.restAt, c.idleLimit(c.engine.snapshot.Load()))
	c.waits = true
	c.idle.Store(true)
	if c.engine.draining.Load() && c.idle.CompareAndSwap(true, false) {
		c.waits = false
		return false
	}
	return true
}

// woken is called after wake has taken the connection out of its wait: it waits
// until wake is through with the deadline.
func (c *conn) woken() {
	c.waking.Lock()
	c.ForgetDeadlines()
	c.waking.Unlock()
}
