package engine

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// conn is a client's connection. It stands between the socket and fasthttp's
// server (see the package comment), which carries it and reads nothing from it.
type conn struct {
	http1.Conn
	line
	engine   *Engine
	listener *listener
	stripe   int
	counters *counters // of its stripe
	exchange exchange

	peerText []byte

	head    []byte        // the request head, valid until the body is read
	headErr error         // why there is none
	headAt  time.Duration // when it was complete
	restAt  time.Duration // when the last exchange was over; before the first, when it was accepted or what comes before requests was over
	served  bool          // a request came on it before
	until   time.Time     // when timeouts.client_idle is over, of one that was parked; else zero

	step    func(fd uintptr) bool // next, made once
	goesOn  bool                  // what flow reports
	waits   bool                  // flow waits for the next request
	hasHead bool                  // flow has read a head that it leaves to await

	raw       syscall.RawConn           // the socket, where the bytes of HTTP go over it as they are; else nil
	unwatched atomic.Bool               // the end of the client's side says nothing now
	upstream  atomic.Pointer[pool.Conn] // what the exchange uses, for abort
	aborted   atomic.Uint32             // whom abort was called for, a side: nothing new is begun
	idle      atomic.Bool               // it waits for the first byte of a request
	waking    sync.Mutex                // held by wake
	parks     bool                      // it is to be parked when it is closed
	lingers   bool                      // the client may still be sending when it is closed
	resets    bool                      // the client has part of a body that lasts until it is closed
	cut       bool                      // the client is to see that what it got is not whole
	closeOnce sync.Once
}

// line is a client's connection below HTTP: what stays when it is parked.
type line struct {
	nc      net.Conn        // as it was accepted
	control syscall.RawConn // its socket, for calls past net; nil: there is none
	secured *secured        // TLS over nc; nil: none
	peer    netip.Addr
}

// protocol is what fasthttp's server takes the connections to speak, see ConnectionState.
const protocol = "proxied"

// Handshake and ConnectionState make fasthttp's server hand the connection over as
// it is: it takes it for one on which a protocol was agreed with TLS that it leaves
// to others.
func (c *conn) Handshake() error { return nil }

// ConnectionState names the protocol, see Handshake.
func (c *conn) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{NegotiatedProtocol: protocol}
}

// localPeer is what a client counts as that comes through a Unix socket: a process
// of this machine.
var localPeer = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func newLine(nc net.Conn) line {
	l := line{nc: nc, control: http1.Raw(nc), peer: localPeer}
	if addr, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		l.peer = addr.AddrPort().Addr().Unmap().WithZone("")
	}
	return l
}

func newConn(l *listener, ln line) *conn {
	c := &conn{line: ln, engine: l.engine, listener: l}
	c.stripe, c.counters = l.engine.counters.next()
	c.exchange.conn = c
	c.restAt = http1.Now()
	c.step = c.next
	c.talk()
	return c
}

// talk makes the connection ready for HTTP over what the line is now.
func (c *conn) talk() {
	c.peerText = c.peer.AppendTo(nil)
	if c.secured != nil {
		c.raw, c.secured.wire.owner = nil, c
		c.Init(c.secured.Conn, nil)
	} else {
		c.raw = c.control
		c.Init(c.nc, c.raw)
	}
	c.Reader.Reset(c)
}

// scheme returns the scheme of what is asked for on the connection.
func (c *conn) scheme() []byte {
	if c.secured != nil {
		return schemeHTTPS
	}
	return schemeHTTP
}

var schemeHTTP, schemeHTTPS = []byte("http"), []byte("https")

// Read and Write count the bytes of a connection where they pass.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.counters.received.Add(uint64(n))
	return n, err
}

// Write counts as Read does.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.counters.sent.Add(uint64(n))
	return n, err
}

// serve serves one request after the other, until the connection ends or is to be
// parked.
func (c *conn) serve() {
	if !c.served && !c.open() {
		return
	}
	for c.await() && c.exchange.run() && c.flow() {
	}
}

// await waits for a request head, or for what makes a whole one impossible but
// can be answered. It reports whether there is something to answer.
func (c *conn) await() bool {
	if c.hasHead {
		c.hasHead = false
		return true
	}
	snap := c.engine.snapshot.Load()
	if len(c.Reader.Buffered()) == 0 && !c.awaitFirstByte(snap) {
		return false
	}
	now := http1.Now()
	if !c.Reader.HasHead() {
		// Slow path: the head comes in pieces. Its time is counted from its
		// first byte, so that trickling does not extend it.
		c.ReadWithin(now, snap.timeouts.ClientHeader)
	}
	return c.readHead(snap, now)
}

// readHead reads and parses a request head whose first byte has come, and reports
// whether there is something to answer. now is when that byte came.
func (c *conn) readHead(snap *snapshot, now time.Duration) bool {
	c.head, c.headErr = c.Reader.RequestHead(snap.headLimits.Bytes)
	c.headAt = now
	c.served, c.until = true, time.Time{}
	switch {
	case c.headErr == nil:
		c.headErr = c.exchange.request.Parse(c.head, snap.headLimits)
		if c.headErr == nil && c.gathers() {
			// What was read has moved: head and fields are taken from there.
			c.head, _ = c.Reader.RequestHead(snap.headLimits.Bytes)
			c.headErr = c.exchange.request.Parse(c.head, snap.headLimits)
		}
		return true
	case isSyntax(c.headErr):
		return true
	case errors.Is(c.headErr, os.ErrDeadlineExceeded):
		c.headErr = errClientSlow
		return true
	}
	return false
}

// gathers reads what has come of a request body that began in the buffer and fits
// a large one, without waiting for it: most such bodies are there, and one that is
// whole leaves together with its head. It reports whether the buffer was exchanged for that.
func (c *conn) gathers() bool {
	f := c.exchange.request.Framing
	have := int64(len(c.Reader.Buffered()) - len(c.head))
	if c.raw == nil || f.Kind != http1.Length || f.Length <= have || int64(len(c.head))+f.Length > http1.LargeBuffer ||
		c.exchange.request.ExpectContinue {
		return false
	}
	c.Reader.Grow(http1.LargeBuffer)
	_ = c.raw.Control(func(fd uintptr) {
		n, _ := http1.ReadNow(fd, c.Reader.Room())
		c.Reader.Added(n)
		c.counters.received.Add(uint64(n))
	})
	return true
}

// idleLimit returns how long the connection may wait for its next request before
// it is parked or closed.
func (c *conn) idleLimit(snap *snapshot) time.Duration {
	if canPark && c.control != nil {
		return min(snap.timeouts.ClientIdle, c.engine.parkAfter)
	}
	return snap.timeouts.ClientIdle
}

// awaitFirstByte waits until the client begins a request. A connection without
// one is closed in silence: a client that only connected did nothing wrong.
func (c *conn) awaitFirstByte(snap *snapshot) bool {
	c.Reader.Rest()
	limit := snap.timeouts.ClientHeader
	if c.served {
		limit = c.idleLimit(snap)
	}
	c.ReadWithin(c.restAt, limit)
	err := c.idly(c.Reader.Fill)
	if err != nil {
		c.Reader.Release()
		c.parks = c.served && errors.Is(err, os.ErrDeadlineExceeded)
	}
	return err == nil
}

// idly calls wait, which waits for a client that has nothing under way.
func (c *conn) idly(wait func() error) error {
	c.idle.Store(true)
	if c.engine.draining.Load() {
		c.lastCall()
	}
	err := wait()
	if !c.idle.CompareAndSwap(true, false) {
		// Slow path: a stop woke this wait. What the client has sent
		// meanwhile is still answered.
		c.woken()
		c.lastCall()
		if err != nil {
			err = wait()
		}
	}
	return err
}

// lastCall leaves a short time for a request that is on its way.
func (c *conn) lastCall() { c.ReadWithin(http1.Now(), c.engine.lastCallTime()) }

// awaitWrite sets the deadline for the client to take bytes.
func (c *conn) awaitWrite(now time.Duration) {
	c.WriteWithin(now, c.exchange.snap.timeouts.ClientWrite)
	if c.abortedBy() != nobody {
		c.endWrite() // shut has done so before, and the line above may have undone it
	}
}

// Send writes b to the client. A client that is slow but takes something within
// each timeouts.client_write gets it all.
func (c *conn) Send(now time.Duration, b []byte) error {
	for {
		c.awaitWrite(now)
		n, err := c.Write(b)
		c.exchange.sent += int64(n)
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		b, now = b[n:], http1.Now()
	}
}
