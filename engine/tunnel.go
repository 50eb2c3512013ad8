package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// tunnel passes the 101 on and then moves bytes both ways until both sides have
// ended, one has failed, or nothing moved for timeouts.tunnel. The exchange
// stays inflight for as long.
func (x *exchange) tunnel() error {
	x.close = true
	x.out = x.appendResponseHead(x.out[:0], http1.NoBody)
	x.sentHead += int64(len(x.out))
	x.conn.unwatched.Store(true) // the end of one side is not the end of a tunnel
	tunnels := &x.conn.engine.tunnels
	tunnels.Add(1)
	defer tunnels.Add(-1)
	x.done = http1.Now()
	defer x.drop()
	if flush(&x.out, (*toClient)(x)) != nil {
		x.breakOff(byClient)
		return nil
	}
	client, backend := x.conn.Conn.Conn, x.upstream.Conn.Conn
	x.conn.impatient()
	t := &tunnel{silence: x.snap.timeouts.Tunnel}
	t.active.Store(int64(http1.Now()))
	down := &direction{tunnel: t, from: backend, to: client, early: x.upstream.Reader.Buffered(), count: &x.conn.counters.sent}
	up := &direction{tunnel: t, from: client, to: backend, early: x.conn.Reader.Buffered(), count: &x.conn.counters.received}
	x.conn.Reader.Discard(len(up.early))              // nothing of it is left for Close to wait for
	x.conn.counters.sent.Add(uint64(len(down.early))) // what the client sent early was counted when it was read
	_ = client.SetDeadline(time.Time{})
	_ = backend.SetDeadline(time.Time{})
	var other sync.WaitGroup
	other.Go(up.move)
	down.move()
	other.Wait()
	x.conn.cut = t.broken.Load()
	x.sent += down.moved
	x.received += up.moved
	return nil
}

// tunnel is what both directions share.
type tunnel struct {
	silence time.Duration
	active  atomic.Int64 // when bytes moved last, as http1.Now
	broken  atomic.Bool  // one direction failed: nothing more will come of it
}

// direction is one way through a tunnel.
type direction struct {
	*tunnel
	from, to net.Conn
	early    []byte // came with the handshake
	count    *atomic.Uint64
	moved    int64
}

// A direction looks up so many times within the silence it allows, to see whether
// the other one moved.
const looks = 4

// move moves bytes from one side to the other until the first has ended, and
// then ends the second in that direction: a half-close is carried over.
func (d *direction) move() {
	if err := d.run(); err != nil {
		// Both directions end: half a tunnel is of no use to anyone.
		d.broken.Store(true)
		_ = d.from.SetDeadline(time.Unix(1, 0))
		_ = d.to.SetDeadline(time.Unix(1, 0))
		return
	}
	if half, ok := d.to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// run returns nil when from has ended in order.
func (d *direction) run() error {
	if len(d.early) > 0 {
		_ = d.to.SetWriteDeadline(time.Now().Add(d.silence))
		if _, err := d.to.Write(d.early); err != nil {
			return err
		}
		d.moved += int64(len(d.early))
	}
	for !d.broken.Load() {
		start := time.Now()
		stuck := start.Add(2 * d.silence)
		_ = d.from.SetReadDeadline(start.Add(d.silence / looks))
		_ = d.to.SetWriteDeadline(stuck)
		if d.broken.Load() {
			break // the deadlines above must not undo those of the other direction
		}
		// On plain TCP, ReadFrom lets the kernel move the bytes. It returns
		// when the deadline is over, with what it has moved by then.
		n, err := io.Copy(d.to, d.from)
		now := http1.Now()
		if n > 0 {
			d.active.Store(int64(now))
			d.count.Add(uint64(n))
			d.moved += n
		}
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case time.Now().After(stuck), now-time.Duration(d.active.Load()) >= d.silence:
			// It waited to write, or there was nothing to read: what has
			// been read and not been written is lost in the first case.
			return errTunnelSilent
		}
	}
	return errTunnelSilent
}

var errTunnelSilent = errors.New("engine: tunnel silent for longer than timeouts.tunnel")
