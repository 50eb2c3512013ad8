package engine

import (
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// forward sends the request to a backend and receives the head of its response.
// When an attempt fails and the request can safely be sent again, another
// backend gets it.
func (x *exchange) forward() error {
	x.out = x.appendRequestHead(x.out[:0])
	var b *pool.Backend
	fresh := false // on a connection that served nothing before
	for {
		if !fresh {
			b = x.pool.Pick(x.tried)
		}
		if b == nil {
			return errNoBackend
		}
		err := x.attempt(b, fresh)
		if err == nil {
			if x.snap.log != nil {
				x.answeredAt = http1.Now()
			}
			return nil
		}
		err = x.blame(err)
		again := x.mayRetry(err)
		fresh = again == onFresh
		x.fail(err)
		if again == no {
			return err
		}
		if again == elsewhere {
			x.tried = append(x.tried, b)
			x.pool.tally[x.conn.stripe].retries.Add(1)
		}
	}
}

// attempt sends the request to b and receives the head of the response.
func (x *exchange) attempt(b *pool.Backend, fresh bool) error {
	x.began = x.now
	if x.attempts++; x.attempts > 1 {
		x.began = http1.Now()
	}
	x.backend, x.asked = b, b
	b.Begin()
	up, err := b.Connect(fresh)
	if x.snap.log != nil {
		x.connecting = 0
		if up == nil || !up.Reused {
			x.connecting = http1.Now() - x.began
		}
	}
	if err != nil {
		return err
	}
	x.upstream = up
	x.conn.upstream.Store(up)
	if x.conn.abortedBy() != nobody {
		return errClientGone
	}
	content, whole := x.body.Whole()
	if !whole || len(content) > http1.LargeBuffer {
		if up.Stale() {
			return pool.ErrTerminated // while the request can still be sent on another
		}
		return x.upload()
	}
	// Fast path: head and body leave together.
	n := len(x.out)
	x.grow(len(content))
	x.out = append(x.out, content...)
	err = up.SendFirst(x.began, x.out)
	if err == nil {
		err = x.receive(x.began)
	}
	x.out = x.out[:n] // the head alone again, should it be sent to another backend
	return err
}

// maxInterim bounds the interim responses before the final one.
const maxInterim = 16

// receive receives the head of the final response. Interim ones go on to the
// client at once, but for 100: that wait is ours, see continueClient.
func (x *exchange) receive(now time.Duration) error {
	head := string(x.request.Method) == "HEAD"
	for range maxInterim {
		if err := x.upstream.Receive(now, head); err != nil {
			return err
		}
		status := x.upstream.Response.Status
		if status == 101 && (x.request.Upgrade == nil || !x.request.Framing.Empty() || len(x.upstream.Response.Upgrade) == 0) {
			return errUnaskedUpgrade
		}
		if status >= 200 || status == 101 {
			return nil
		}
		x.spent = true // a response has begun
		if status == 100 || x.request.Minor == 0 {
			continue
		}
		x.scratch = x.appendResponseHead(x.scratch[:0], http1.NoBody)
		x.sentHead += int64(len(x.scratch))
		if err := x.conn.Send(http1.Now(), x.scratch); err != nil {
			return errClientGone
		}
	}
	return errManyInterim
}

// blame finds out whose fault an error is that the backend's connection showed:
// the watch closes it when the client has left, and a stop when time is up.
func (x *exchange) blame(err error) error {
	if x.conn.abortedBy() != nobody {
		return errClientGone
	}
	return err
}

// fail ends the attempt under way. What went wrong on the backend's side is
// counted for the backend.
func (x *exchange) fail(err error) {
	if x.upstream != nil {
		x.conn.upstream.Store(nil)
		x.upstream.Discard()
		x.upstream = nil
	}
	if x.backend == nil {
		return
	}
	if !isClientSide(err) {
		countersOf(x.backend).tally[x.conn.stripe].errors[reasonOf(err)].Add(1)
	}
	x.backend.End()
	x.backend = nil
}
