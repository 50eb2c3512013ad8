// Package pooltest is a fake backend for tests. It speaks over real sockets and
// does what it is told: answer, be slow, hang, reset, lie.
//
// A script takes connections one by one with Accept; Serve gives all of them to
// a function instead. Whatever goes wrong fails the test.
package pooltest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a script waits for what must come. It is only ever spent
// by a test that fails.
const patience = 20 * time.Second

// Backend is a fake backend.
type Backend struct {
	Addr string

	t        testing.TB
	listener net.Listener
	accepted chan *Conn
	serving  sync.WaitGroup

	mu     sync.Mutex
	conns  map[*Conn]bool // those that are open
	came   int            // connections so far
	closed bool
}

// New returns a backend that listens on a free port of 127.0.0.1 until the test
// ends.
func New(t testing.TB) *Backend {
	t.Helper()
	return NewAt(t, "127.0.0.1:0")
}

// NewAt is New on an address of the caller's choice.
func NewAt(t testing.TB, addr string) *Backend {
	t.Helper()
	b := &Backend{t: t}
	b.open(addr)
	t.Cleanup(b.Close)
	return b
}

// Reopen listens on the same address again, after Close.
func (b *Backend) Reopen() {
	b.t.Helper()
	b.open(b.Addr)
}

func (b *Backend) open(addr string) {
	b.t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		b.t.Fatalf("pooltest: %v", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Addr, b.listener, b.closed = ln.Addr().String(), ln, false
	b.accepted, b.conns = make(chan *Conn, 1024), make(map[*Conn]bool)
	b.serving.Go(b.accept)
}

func (b *Backend) accept() {
	defer close(b.accepted) // here, where it is sent to
	for {
		nc, err := b.listener.Accept()
		if err != nil {
			return
		}
		c := &Conn{Conn: nc, t: b.t, r: bufio.NewReader(nc), b: b}
		b.mu.Lock()
		b.conns[c] = true
		b.came++
		if b.closed {
			_ = nc.Close()
		}
		b.mu.Unlock()
		b.accepted <- c
	}
}

// Close stops listening and closes every connection.
func (b *Backend) Close() {
	_ = b.listener.Close()
	b.mu.Lock()
	b.closed = true
	for c := range b.conns {
		_ = c.Conn.Close()
	}
	b.mu.Unlock()
	b.serving.Wait()
}

// Accept returns the next connection.
func (b *Backend) Accept() *Conn {
	b.t.Helper()
	return b.AcceptOr(&Backend{})
}

// AcceptOr returns the next connection of whichever of two backends gets it.
func (b *Backend) AcceptOr(other *Backend) *Conn {
	b.t.Helper()
	select {
	case c := <-b.accepted:
		return c
	case c := <-other.accepted:
		return c
	case <-time.After(patience):
		b.t.Fatal("pooltest: no connection came")
		return nil
	}
}

// Connections returns how many connections have come so far.
func (b *Backend) Connections() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.came
}

// Serve gives every connection to serve, each in a goroutine of its own, until
// the backend is closed. serve must end when its connection does.
func (b *Backend) Serve(serve func(*Conn)) {
	accepted := b.accepted
	b.serving.Go(func() {
		for c := range accepted {
			b.serving.Go(func() {
				serve(c)
				_ = c.Close()
			})
		}
	})
}

// Answer makes the backend answer every request with 200 and body.
func (b *Backend) Answer(body string) {
	b.Serve(func(c *Conn) {
		for {
			if _, err := c.ReadRequest(); err != nil {
				return
			}
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
				return
			}
		}
	})
}

// Conn is one connection to a fake backend.
type Conn struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
	b *Backend
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.b.mu.Lock()
	delete(c.b.conns, c)
	c.b.mu.Unlock()
	return c.Conn.Close()
}

// Request is a request as it arrived.
type Request struct {
	*http.Request
	Head    string // its raw head, with the empty line
	Content string // its body, decoded
}

// ReadRequest reads the next request with its body.
func (c *Conn) ReadRequest() (*Request, error) {
	head, err := c.readHead()
	if err != nil {
		return nil, err
	}
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head), c.r)))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", head, err)
	}
	// The reader above reads ahead; the body is read from the connection's own.
	body, err := c.readBody(req)
	return &Request{Request: req, Head: head, Content: body}, err
}

func (c *Conn) readHead() (string, error) {
	var head strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			return "", err
		}
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

func (c *Conn) readBody(req *http.Request) (string, error) {
	switch {
	case len(req.TransferEncoding) > 0:
		var body strings.Builder
		for {
			var size int64
			line, err := c.r.ReadString('\n')
			if err != nil {
				return "", err
			}
			if _, err := fmt.Sscanf(line, "%x\r\n", &size); err != nil {
				return "", fmt.Errorf("chunk %q: %w", line, err)
			}
			if size == 0 {
				_, err := c.readHead()
				return body.String(), err
			}
			if _, err := io.CopyN(&body, c.r, size); err != nil {
				return "", err
			}
			if _, err := c.r.Discard(2); err != nil {
				return "", err
			}
		}
	case req.ContentLength > 0:
		b := make([]byte, req.ContentLength)
		_, err := io.ReadFull(c.r, b)
		return string(b), err
	}
	return "", nil
}

// Receive reads the next request; that none comes fails the test.
func (c *Conn) Receive() *Request {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	req, err := c.ReadRequest()
	if err != nil {
		c.t.Fatalf("pooltest: receive: %v", err)
	}
	return req
}

// Head reads the head of the next request and leaves its body unread.
func (c *Conn) Head() string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	head, err := c.readHead()
	if err != nil {
		c.t.Fatalf("pooltest: head: %v", err)
	}
	return head
}

// Bytes reads exactly n bytes.
func (c *Conn) Bytes(n int) string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, n)
	if _, err := io.ReadFull(c.r, b); err != nil {
		c.t.Fatalf("pooltest: bytes: %v", err)
	}
	return string(b)
}

// Send writes s as it is.
func (c *Conn) Send(s string) *Conn {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatalf("pooltest: send: %v", err)
	}
	return c
}

// Reply sends a whole response.
func (c *Conn) Reply(status int, body string) *Conn {
	c.t.Helper()
	return c.Send(fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), len(body), body))
}

// Reset closes the connection so that the proxy gets a reset.
func (c *Conn) Reset() {
	_ = c.Conn.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// Ended waits until the proxy has closed the connection, and returns what came
// before that.
func (c *Conn) Ended() string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(c.r)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatal("pooltest: the proxy did not close the connection")
	}
	return string(b)
}
