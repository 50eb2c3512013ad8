package engine

import (
	"net"
	"time"
)

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
	net.Conn
	listener *listener
	until    time.Time // timeouts.client_idle is over then
}

// park gives the connection to those that are parked, and reports whether it did.
func (c *conn) park() bool {
	idle := c.engine.snapshot.Load().timeouts.ClientIdle
	nc := c.Conn.Conn
	rest := idle - c.engine.parkAfter
	if c.raw == nil || rest <= 0 {
		return false
	}
	return c.engine.parking.add(c, &parked{nc, c.listener, time.Now().Add(rest)})
}

// resume serves a connection whose client has sent something, in a goroutine that
// ends with it.
func (e *Engine) resume(p *parked) {
	c := newConn(p.listener, p.Conn)
	c.served = true
	e.conns.resume(c)
	go func() { _ = e.server.ServeConn(c) }() // it closes c, which takes it out of e.conns: a stop waits for that
}
