package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// wake ends the wait of an idle connection, for a stop. It may be called from
// any goroutine.
func (c *conn) wake() {
	c.waking.Lock()
	defer c.waking.Unlock()
	if c.idle.CompareAndSwap(true, false) {
		c.endRead()
	}
}

// endRead makes a read that waits, and each later one until a deadline is set,
// return at once. It may be called from any goroutine.
func (c *conn) endRead() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }

// abort makes every read and write of an exchange fail from now on, on both sides.
// by is whose doing that is. It may be called from any goroutine.
func (c *conn) abort(by side) {
	c.aborted.Store(uint32(by))
	// Whoever takes upstream out owns its fate: what the exchange has given back
	// by now may serve somebody else already.
	if up := c.upstream.Swap(nil); up != nil {
		up.Break()
	}
	c.shut()
}

// abortedBy returns whom abort was called for, nobody when it was not.
func (c *conn) abortedBy() side { return side(c.aborted.Load()) }

// shut makes every read and write of the client's socket fail from now on. Closing
// it would wait for whoever uses it, and shutting its sending side down would look
// like the end of what is being sent.
func (c *conn) shut() {
	if c.control == nil {
		_ = c.nc.Close()
		return
	}
	_ = c.control.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RD) })
	c.endWrite()
}

// endWrite is endRead for writes.
func (c *conn) endWrite() { _ = c.nc.SetWriteDeadline(time.Unix(1, 0)) }

// Close closes the connection. When the client may still be sending, it ends its
// own side first and reads on for a moment: closing at once would reset the
// connection, and the client could lose the answer it has not read yet (RFC 9112
// section 9.6).
func (c *conn) Close() error {
	var err error
	c.closeOnce.Do(func() {
		c.exchange.release()
		if c.parks && c.park() {
			return
		}
		switch {
		case c.resets:
			c.reset()
		case c.lingers, len(c.Reader.Buffered()) > 0:
			c.linger()
		}
		c.Reader.Drop()
		err = c.hangUp()
		c.engine.conns.remove(c)
	})
	return err
}

// reset makes closing the connection a reset, without which a body that lasts until
// the connection ends would look whole, however it broke off. What the client's
// system has not taken by then is lost. Only TCP can do that: on a Unix socket it
// stays an ordinary end.
func (c *conn) reset() {
	if c.control == nil {
		return
	}
	_ = c.control.Control(func(fd uintptr) {
		_ = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	})
}

// hangUp closes the socket. Over TLS, it tells the client so, unless what was sent
// last is not whole: then the client is to see that the connection was cut.
func (c *conn) hangUp() error {
	if c.cut || c.abortedBy() != nobody {
		return c.nc.Close()
	}
	return c.Conn.Close()
}

// How long the proxy reads on: in all, and while nothing comes. Most clients end
// the connection at once when they see its end.
const (
	lingerTime    = 30 * time.Second
	lingerSilence = time.Second
)

func (c *conn) linger() {
	if c.secured != nil && !c.cut && c.secured.CloseWrite() != nil {
		return
	}
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	buf := http1.AcquireBuffer(http1.LargeBuffer)
	defer http1.ReleaseBuffer(buf)
	for end := http1.Now() + lingerTime; http1.Now() < end && !c.engine.draining.Load(); {
		_ = c.nc.SetReadDeadline(time.Now().Add(lingerSilence))
		n, err := c.nc.Read(buf)
		c.counters.received.Add(uint64(n))
		if err != nil {
			return
		}
	}
}
