package engine

import "time"

// A connection that waits for its next request costs a goroutine with its stack and
// a buffer: some 15 KB. One that has been idle for parkAfter is parked instead: its
// goroutine ends, and one system call waits for all parked connections together.
// When a client sends something, its connection is served as if it were new.
//
// Nothing can be lost on the way: what waits tells of bytes that are there, not of
// bytes that arrive, so it does not matter whether a request came before, while or
// after its connection was parked.
const parkAfter = 5 * time.Second

// parked is a connection that is parked.
type parked struct {
	line
	listener *listener
	until    time.Time // timeouts.client_idle is over then
}

// park gives the connection to those that are parked, and reports whether it did.
func (c *conn) park() bool {
	now, until := time.Now(), c.until
	if until.IsZero() {
		until = now.Add(c.engine.snapshot.Load().timeouts.ClientIdle - c.engine.parkAfter)
	}
	if c.control == nil || !until.After(now) {
		return false
	}
	return c.engine.parking.add(c, &parked{c.line, c.listener, until})
}

// close closes a connection that is parked. It does not wait for the client.
func (p *parked) close() {
	if p.secured != nil {
		p.secured.part()
		return
	}
	_ = p.nc.Close()
}

// resume serves a connection whose client has sent something, in a goroutine that
// ends with it.
func (e *Engine) resume(p *parked) {
	c := newConn(p.listener, p.line)
	c.served, c.until = true, p.until
	e.conns.resume(c)
	go func() { _ = e.server.ServeConn(c) }() // it closes c, which takes it out of e.conns: a stop waits for that
}
