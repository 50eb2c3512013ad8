package pool

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// Conn is a connection to a backend on which one exchange at a time is sent and
// received: Send as often as there is something to send, then Receive, then the
// body with Body, then Release or Discard.
type Conn struct {
	http1.Conn

	Reused bool // it has served an exchange before: it may have died meanwhile
	Sent   bool // bytes of the request may have reached the backend

	Response http1.Response // set by Receive
	Body     http1.Body     // set by Receive

	backend          *Backend
	release, discard func()
	raw              syscall.RawConn
	look             func(fd uintptr) // sets looked; made once, a closure a request would be garbage
	events           [1]unix.PollFd
	looked           int // descriptors with something to tell: 0 or 1
}

func newConn(nc net.Conn, b *Backend) (*Conn, error) {
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		_ = nc.Close()
		return nil, os.NewSyscallError("raw connection", err)
	}
	c := &Conn{backend: b, raw: raw}
	c.Init(nc)
	c.look = func(fd uintptr) {
		c.events[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		var err error
		if c.looked, err = unix.Poll(c.events[:], 0); err != nil {
			c.looked = 1 // nothing is known: as bad as something to tell
		}
	}
	return c, nil
}

// quiet reports whether an idle connection can be used: it is open and the
// backend has sent nothing on it, not even its end. It is one system call that
// does not wait.
//
// What was there before the request was sent can therefore not be read as its
// answer. What remains is a backend that ends the connection, or talks unasked,
// while the request is on its way to it: the first is what retries are for, the
// second nobody can tell from an answer.
func (c *Conn) quiet() bool {
	return c.raw.Control(c.look) == nil && c.looked == 0
}

// Send writes part of a request. now is the time of http1.Now.
func (c *Conn) Send(now time.Duration, b []byte) error {
	c.WriteWithin(now, c.backend.limits.ResponseHeader)
	n, err := c.Write(b)
	if n > 0 {
		c.Sent = true
	}
	if err != nil {
		return ioError(err, ErrWriteTimeout)
	}
	return nil
}

// Receive reads the next response head into c.Response. head tells that it
// answers a HEAD request. Interim responses (1xx) are returned like any other,
// and Receive is called again for the next.
func (c *Conn) Receive(now time.Duration, head bool) error {
	c.ReadWithin(now, c.backend.limits.ResponseHeader)
	b, err := c.Reader.ResponseHead(c.backend.limits.HeadBytes)
	if err != nil {
		return ioError(err, ErrResponseTimeout)
	}
	if err := c.Response.Parse(b, head); err != nil {
		return err
	}
	c.Reader.Discard(len(b))
	c.Body.Reset(&c.Reader, c.Response.Framing)
	return nil
}

// Next returns the next piece of the response body, as http1.Body does.
func (c *Conn) Next(now time.Duration) ([]byte, error) {
	if !c.Body.Ready() { // what is buffered may be no more than the end of the last chunk
		c.ReadWithin(now, c.backend.limits.ResponseBody)
	}
	piece, err := c.Body.Next()
	if err != nil && !c.Body.Done() {
		err = ioError(err, ErrBodyTimeout)
	}
	return piece, err
}

// Release gives the connection back for the next exchange, if it can serve one:
// the final response was read to its end, nothing came behind it, the backend did
// not say that it closes and its pool is not closed. Otherwise it closes it.
// reusable is the caller's part: that the request was sent to its end.
func (c *Conn) Release(reusable bool) {
	reusable = reusable && c.Response.Status >= 200 && c.Response.KeepAlive &&
		c.Body.Done() && len(c.Reader.Buffered()) == 0 && !c.backend.closed.Load()
	if !reusable {
		c.Discard()
		return
	}
	c.Reader.Release()
	c.Reused, c.Sent = false, false
	c.Response.Status = 0 // the next exchange has no response yet
	c.release()
}

// Discard closes the connection.
func (c *Conn) Discard() {
	c.Reader.Drop()
	c.discard()
}
