package pool

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// Conn is a connection to a backend on which one exchange at a time is sent and
// received: Send as often as there is something to send, or SendFirst once, then
// Receive, then the body with Next, then Release or Discard.
type Conn struct {
	http1.Conn

	Reused bool // it has served an exchange before: it may have died meanwhile
	Sent   bool // bytes of the request may have reached the backend
	cut    bool // a write failed: the backend may wait for the rest of a request

	Response http1.Response // set by Receive
	Body     http1.Body     // set by Receive

	answer    sync.Mutex // guards answered, while a request is sent and its answer received at once
	answered  bool       // the head of the answer is here
	unlimited bool       // the request is not out yet: the time of its answer has not begun

	backend          *Backend
	link             *link
	release, discard func()
	socket           net.Conn // what the connection lies over: itself, or the socket under TLS
	raw              syscall.RawConn
	looking          looking
	asking           asking
}

// newConn makes a Conn of nc, which lies over the socket: the same, or TLS on it.
func newConn(nc, socket net.Conn, b *Backend, l *link) *Conn {
	c := &Conn{backend: b, link: l, socket: socket, raw: http1.Raw(socket)}
	if c.raw == nil {
		panic("BUG: a connection to a backend without a socket")
	}
	c.looking.init()
	if nc != socket {
		c.Init(nc, nil)
		return c
	}
	c.Init(nc, c.raw)
	c.asking.init(c)
	c.Reader.Reset(&c.asking)
	return c
}

// Stale reports whether the connection died while it was idle. Who sends without
// asking gets an error in that case before anything is sent.
func (c *Conn) Stale() bool { return c.Reused && !c.Sent && !c.quiet() }

// quiet reports whether an idle connection can be used: it is open and the
// backend has sent nothing on it, not even its end. It is one system call that
// does not wait.
//
// What was there before the request was sent can therefore not be read as its
// answer. What remains is a backend that ends the connection, or talks unasked,
// while the request is on its way to it: the first is what retries are for, the
// second nobody can tell from an answer.
func (c *Conn) quiet() bool {
	return c.raw.Control(c.looking.at) == nil && c.looking.quiet
}

// SendFirst makes the next Receive send b before it waits, which saves a system
// call where that is possible, see asking. b must stay as it is until then. Errors
// of sending are Receive's.
func (c *Conn) SendFirst(now time.Duration, b []byte) error {
	if c.asking.c == nil {
		return c.Send(now, b)
	}
	c.asking.request = b
	return nil
}

// Send writes part of a request. now is the time of http1.Now.
func (c *Conn) Send(now time.Duration, b []byte) error {
	if c.Stale() {
		return ErrTerminated
	}
	for {
		c.AwaitWrite(now)
		n, err := c.Write(b)
		if n > 0 {
			c.Sent = true
		}
		if err == nil {
			return nil
		}
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return c.SendFailed(err)
		}
		// A backend that is slow but takes something gets it all.
		b, now = b[n:], http1.Now()
	}
}

// AwaitWrite sets the deadline for the backend to take bytes of a request.
func (c *Conn) AwaitWrite(now time.Duration) {
	c.WriteWithin(now, c.backend.limits.Load().ResponseHeader)
}

// SendFailed takes note of what writing to the backend returned, and classifies
// it.
func (c *Conn) SendFailed(err error) error {
	c.cut = true
	return ioError(err, ErrWriteTimeout)
}

// Receive reads the next response head into c.Response. head tells that it
// answers a HEAD request. Interim responses (1xx) are returned like any other,
// and Receive is called again for the next.
func (c *Conn) Receive(now time.Duration, head bool) error {
	limits := c.backend.limits.Load()
	if !c.unlimited {
		c.ReadWithin(now, limits.ResponseHeader)
	}
	b, err := c.Reader.ResponseHead(limits.HeadBytes)
	if err != nil && isAlert(err) {
		return wrap(ErrTLSAlert, err) // with TLS 1.3, also one about the proxy's certificate
	}
	if err != nil {
		return ioError(err, ErrResponseTimeout)
	}
	if err := c.Response.Parse(b, head, limits.Fields); err != nil {
		return err
	}
	c.Reader.Discard(len(b))
	c.Body.Reset(&c.Reader, c.Response.Framing, http1.Limits{Bytes: limits.HeadBytes, Fields: limits.Fields})
	if c.unlimited && c.Response.Status >= 200 {
		c.answer.Lock()
		c.answered = true
		c.answer.Unlock()
	}
	return nil
}

// Unlimited is called before a request is sent by another goroutine than the one
// that receives its answer: the time for that begins with AnswerWithin.
func (c *Conn) Unlimited() {
	c.unlimited, c.answered = true, false
	c.Conn.ForgetDeadlines()
	_ = c.SetReadDeadline(time.Time{})
}

// AnswerWithin is called by that goroutine when the request is out.
func (c *Conn) AnswerWithin() {
	c.answer.Lock()
	defer c.answer.Unlock()
	if !c.answered {
		_ = c.SetReadDeadline(time.Now().Add(c.backend.limits.Load().ResponseHeader))
	}
}

// ForgetDeadlines is called when that goroutine has ended.
func (c *Conn) ForgetDeadlines() {
	c.unlimited = false
	c.Conn.ForgetDeadlines()
}

// Next returns the next piece of the response body, as http1.Body does.
func (c *Conn) Next(now time.Duration) ([]byte, error) {
	if !c.Body.Ready() { // what is buffered may be no more than the end of the last chunk
		c.AwaitBody(now)
	}
	piece, err := c.Body.Next()
	if err != nil && !c.Body.Done() {
		err = BodyError(err)
	}
	return piece, err
}

// AwaitBody sets the deadline for more of the response body.
func (c *Conn) AwaitBody(now time.Duration) { c.ReadWithin(now, c.backend.limits.Load().ResponseBody) }

// BodyError classifies what reading a response body returned.
func BodyError(err error) error { return ioError(err, ErrBodyTimeout) }

// Release gives the connection back for the next exchange, if it can serve one:
// every byte of the request was written, the final response was read to its end,
// nothing came behind it, the backend did not say that it closes, and it is still
// wanted: no reload has changed how connections are made, lowered max_conns or
// removed the backend. Otherwise it closes it.
// reusable is the caller's part: that the request was sent to its end.
func (c *Conn) Release(reusable bool) {
	reusable = reusable && !c.cut && c.Response.Status >= 200 && c.Response.KeepAlive &&
		c.Body.Done() && len(c.Reader.Buffered()) == 0 && !c.link.closed.Load() && !c.backend.crowded()
	if !reusable {
		c.Discard()
		return
	}
	c.Reader.Rest()
	c.Reused, c.Sent = false, false
	c.Response.Status = 0 // the next exchange has no response yet
	l := c.link
	c.release()
	if l.closed.Load() {
		l.closeIdle() // closed meanwhile: whoever did that may not have seen this one
	}
}

// Break closes the socket under the connection: whoever sends or receives on it
// gets an error. It may be called from any goroutine, and does not wait.
func (c *Conn) Break() { _ = c.socket.Close() }

// Discard closes the connection.
func (c *Conn) Discard() {
	c.Reader.Drop()
	c.discard()
}

// Close is called by the connection pool, once: it makes room for another.
func (c *Conn) Close() error {
	c.backend.open.Add(-1)
	return c.Conn.Close()
}
