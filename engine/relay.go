package engine

import (
	"errors"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// relay sends the response to the client as it comes from the backend. From the
// first byte on nothing can be taken back: a response that breaks off ends with
// the connection, never with bytes that make it look whole.
func (x *exchange) relay() error {
	up := x.upstream
	x.status = up.Response.Status
	if x.uploading != nil {
		x.close = true // the rest of the request is still on its way
	} else {
		x.skipBody()
	}
	if x.status == 101 || x.connect && x.status < 300 {
		return x.tunnel()
	}
	framing := x.clientFraming()
	x.out = x.appendResponseHead(x.out[:0], framing)
	x.sentHead += int64(len(x.out))
	if content, ok := up.Body.Whole(); ok && len(content) <= http1.SmallBuffer {
		// Fast path: head and body leave together.
		x.out = append(x.out, content...)
		up.Body.Skip(len(content))
		x.finish(nil, flush(&x.out, (*toClient)(x)))
		return nil
	}
	// Slow path: what has come is sent, then what comes.
	if up.Response.Framing.Length > http1.SmallBuffer {
		up.Reader.Grow(http1.LargeBuffer)
	}
	backendErr, clientErr := pump(&x.out, (*responseBody)(x), (*toClient)(x), framing)
	if backendErr != nil {
		clientErr = flush(&x.out, (*toClient)(x)) // what came before it broke off
	}
	x.finish(backendErr, clientErr)
	x.conn.resets = framing == http1.UntilClose && x.brokenBy != nobody
	return nil
}

// clientFraming returns how the body is framed towards the client. HTTP/1.0 does
// not know the chunked coding: there, a body of unknown length ends with the
// connection.
func (x *exchange) clientFraming() http1.FramingKind {
	kind := x.upstream.Response.Framing.Kind
	if kind != http1.Chunked && kind != http1.UntilClose {
		return kind
	}
	if x.request.Minor == 0 {
		x.close = true
		return http1.UntilClose
	}
	return http1.Chunked
}

// finish ends the attempt whose response was relayed, with what went wrong on
// the backend's side or on the client's.
func (x *exchange) finish(backendErr, clientErr error) {
	if x.uploading != nil {
		x.uploading.stop()
		if err := x.endUpload(nil); err != nil && backendErr != nil {
			backendErr = err // the client broke off, and so the backend's connection was closed
		}
	}
	switch {
	case errors.Is(backendErr, errPanic):
		x.breakOff(byProxy)
	case backendErr != nil && !isClientSide(backendErr):
		x.breakOff(byBackend)
	case backendErr != nil, clientErr != nil:
		x.breakOff(byClient)
	}
	if backendErr != nil {
		if backendErr = x.blame(backendErr); !isClientSide(backendErr) {
			backendErr = incompleteError{backendErr}
		}
		x.fail(backendErr)
		return
	}
	untouched := x.conn.upstream.CompareAndSwap(x.upstream, nil) // by abort
	x.upstream.Release(untouched && x.body.Done())
	x.upstream = nil
}

// side is who broke an exchange off.
type side uint32

const (
	nobody    side = iota
	byClient       // it left, or took no bytes for timeouts.client_write
	byBackend      // its response broke off
	byProxy        // a stop had no more time, or it panicked
)

// String returns the word for logs.
func (s side) String() string { return [...]string{"", "client", "backend", "proxy"}[s] }

// breakOff notes who ended the exchange before the last byte of its response was
// out, unless abort knows better. The connection ends with it.
func (x *exchange) breakOff(by side) {
	if aborted := x.conn.abortedBy(); aborted != nobody {
		by = aborted
	}
	x.brokenBy, x.close, x.conn.cut = by, true, true
}

// drop closes the connection to the backend after a response that is complete.
func (x *exchange) drop() {
	x.conn.upstream.Store(nil)
	x.upstream.Discard()
	x.upstream = nil
}
