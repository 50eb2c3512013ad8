package http1

import (
	"net"
	"time"
)

// started is where the clock of Now begins.
var started = time.Now()

// Now returns the time since the process started, on the monotonic clock. It is
// the clock of everything that is decided or measured per request: reading it
// costs half of time.Now.
func Now() time.Duration { return time.Since(started) }

// Conn is a connection that messages are read from and written to. Its waits
// are bounded by ReadWithin and WriteWithin.
//
// Setting a deadline in the runtime costs more than parsing a small request, so
// a deadline is set a tenth later than asked for and left alone for as long as
// it is neither early nor more than that tenth late: a busy connection sets one
// now and then instead of one for each message.
type Conn struct {
	net.Conn
	Reader Reader

	readBy, writeBy time.Duration // the deadlines that are set; 0: none
}

// Init makes c the connection nc, with an empty Reader that reads from it.
func (c *Conn) Init(nc net.Conn) {
	*c = Conn{Conn: nc}
	c.Reader.Reset(nc)
}

// ReadWithin makes a read fail that waits for longer than limit from now on, or
// up to a tenth longer.
func (c *Conn) ReadWithin(now, limit time.Duration) {
	if by, ok := coarse(c.readBy, now, limit); ok {
		c.readBy = by
		_ = c.SetReadDeadline(started.Add(by)) // fails on a closed connection only, and so will the read
	}
}

// WriteWithin is ReadWithin for writes.
func (c *Conn) WriteWithin(now, limit time.Duration) {
	if by, ok := coarse(c.writeBy, now, limit); ok {
		c.writeBy = by
		_ = c.SetWriteDeadline(started.Add(by))
	}
}

// ForgetDeadlines is called when somebody has set deadlines past c: the next
// ReadWithin and WriteWithin set theirs in any case.
func (c *Conn) ForgetDeadlines() { c.readBy, c.writeBy = 0, 0 }

// coarse returns the deadline to set, and whether it has to be set at all.
func coarse(set, now, limit time.Duration) (by time.Duration, ok bool) {
	latest := now + limit + limit/10
	if now+limit <= set && set <= latest {
		return set, false
	}
	return latest, true
}
