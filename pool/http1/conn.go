package http1

import (
	"net"
	"syscall"
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

	readBy, writeBy time.Duration   // the deadlines that are set; 0: none
	raw             syscall.RawConn // of a plain socket, whose bytes the kernel can move; else nil
	in, out         transfer        // where raw is not nil
}

// Init makes c the connection nc, with an empty Reader that reads from it. raw is
// the socket where messages go over it as they are, nil where they do not.
func (c *Conn) Init(nc net.Conn, raw syscall.RawConn) {
	*c = Conn{Conn: nc, raw: raw}
	c.Reader.Reset(nc)
	if raw != nil {
		c.in.step, c.out.step = c.in.read, c.out.write
		c.Reader.Reset(c)
	}
}

// Read implements io.Reader.
func (c *Conn) Read(p []byte) (int, error) {
	if c.raw == nil {
		return c.Conn.Read(p)
	}
	c.in.begin(p)
	return c.in.end(c.raw.Read(c.in.step))
}

// Write implements io.Writer.
func (c *Conn) Write(p []byte) (int, error) {
	if c.raw == nil {
		return c.Conn.Write(p)
	}
	c.out.begin(p)
	return c.out.end(c.raw.Write(c.out.step))
}

// Raw returns the socket of nc for system calls, nil when it has none.
func Raw(nc net.Conn) syscall.RawConn {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// Splice moves n bytes from src to c inside the kernel, and returns how many it
// moved, and what went wrong on which side. before is called before each wait, to
// set its deadlines, with how many bytes have left src. ok is false when that is not possible between these two; then
// nothing was moved. Both Readers must be empty.
func (c *Conn) Splice(src *Conn, n int64, before func(read int64)) (moved int64, ok bool, srcErr, dstErr error) {
	if c.raw == nil || src.raw == nil {
		return 0, false, nil, nil
	}
	return splice(c, src, n, before)
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
