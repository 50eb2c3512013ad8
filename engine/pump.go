package engine

import (
	"errors"
	"io"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// source is where a body comes from.
type source interface {
	ready() bool             // next has a piece without waiting
	next() ([]byte, error)   // the next piece, valid until the next call; io.EOF at the end
	trailers() []http1.Field // behind a chunked body, after its end

	from() (*http1.Conn, *http1.Body)
	await(now time.Duration)        // sets the deadline for more of it
	ended()                         // all of it was read, if not sent yet
	moved(n int64, err error) error // takes note of what the kernel moved, and classifies what ended that
}

// sink is where a body goes to.
type sink interface {
	Send(now time.Duration, b []byte) error

	to() *http1.Conn
	await(now time.Duration)
	moved(n int64, err error) error
}

// pump moves a body from src to dst as it comes, behind what out holds. What has
// come is sent before it waits for more. It returns what went wrong on the side
// of src and on that of dst; one of the two at most.
func pump(out *[]byte, src source, dst sink, framing http1.FramingKind) (srcErr, dstErr error) {
	for {
		if len(*out) > 0 && (!src.ready() || len(*out) >= http1.LargeBuffer) {
			if err := flush(out, dst); err != nil {
				return nil, err
			}
		}
		if framing == http1.Length && len(*out) == 0 {
			if srcErr, dstErr = splice(src, dst); srcErr != nil || dstErr != nil {
				return srcErr, dstErr
			}
		}
		piece, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err, nil
		}
		switch {
		case framing == http1.Chunked:
			*out = http1.AppendChunk(*out, piece)
		case len(*out) > 0:
			*out = append(*out, piece...)
		default:
			if err := dst.Send(http1.Now(), piece); err != nil {
				return nil, err
			}
		}
	}
	if framing == http1.Chunked {
		*out = appendTrailers(http1.AppendLastChunk(*out), src.trailers())
		*out = append(*out, "\r\n"...)
	}
	return nil, flush(out, dst)
}

// spliceMin is from how many bytes on the kernel moves a body from socket to
// socket. Below, the pipe it needs in between costs more than the copy.
const spliceMin = http1.LargeBuffer

// splice lets the kernel move what is left of a body of known length, if it is
// long enough and both sides are plain sockets. Otherwise it does nothing.
func splice(src source, dst sink) (srcErr, dstErr error) {
	from, body := src.from()
	left := body.Left()
	if left < spliceMin {
		return nil, nil
	}
	n, ok, srcErr, dstErr := dst.to().Splice(from, left, func(read int64) {
		now := http1.Now()
		src.await(now)
		dst.await(now)
		if read == left {
			src.ended()
		}
	})
	if !ok {
		return nil, nil
	}
	return src.moved(n, srcErr), dst.moved(n, dstErr)
}

// flush sends what out holds.
func flush(out *[]byte, dst sink) error {
	if len(*out) == 0 {
		return nil
	}
	err := dst.Send(http1.Now(), *out)
	*out = (*out)[:0]
	return err
}

// requestBody is the body of an exchange's request, as a source.
type requestBody exchange

func (b *requestBody) ready() bool { return b.body.Ready() }

func (b *requestBody) next() ([]byte, error) {
	if !b.body.Ready() {
		b.await(http1.Now())
	}
	piece, err := b.body.Next()
	if err != nil {
		if b.body.Done() {
			b.ended()
			return nil, io.EOF
		}
		return nil, clientError(err)
	}
	if b.body.Done() {
		b.ended() // before the last of it is written: its answer may come at once
	}
	b.received += int64(len(piece))
	if limit := b.snap.maxBody; limit > 0 && b.received > limit {
		return nil, errBodyTooLarge
	}
	return piece, nil
}

func (b *requestBody) await(now time.Duration) {
	b.conn.ReadWithin(now, b.snap.timeouts.ClientBody)
	if b.uploading.stopped.Load() {
		b.conn.endRead() // stop has done so before, and the line above has undone it
	}
}

func (b *requestBody) ended() { b.uploading.read.Store(true) }

func (b *requestBody) trailers() []http1.Field { return b.snap.requestID.without(b.body.Trailers) }

func (b *requestBody) from() (*http1.Conn, *http1.Body) { return &b.conn.Conn, &b.body }

func (b *requestBody) moved(n int64, err error) error {
	b.body.Moved(n, err)
	b.received += n
	b.conn.counters.received.Add(uint64(n))
	if err == nil {
		return nil
	}
	return clientError(err)
}

// responseBody is the body of an exchange's response, as a source.
type responseBody exchange

func (b *responseBody) ready() bool { return b.upstream.Body.Ready() }

func (b *responseBody) next() ([]byte, error) { return b.upstream.Next(http1.Now()) }

func (b *responseBody) await(now time.Duration) { b.upstream.AwaitBody(now) }

func (b *responseBody) ended() {}

func (b *responseBody) trailers() []http1.Field {
	return b.snap.requestID.without(b.upstream.Body.Trailers)
}

func (b *responseBody) from() (*http1.Conn, *http1.Body) {
	return &b.upstream.Conn, &b.upstream.Body
}

func (b *responseBody) moved(n int64, err error) error {
	b.upstream.Body.Moved(n, err)
	if err == nil {
		return nil
	}
	return pool.BodyError(err)
}

// toClient is the client of an exchange, as a sink.
type toClient exchange

func (c *toClient) Send(now time.Duration, b []byte) error { return c.conn.Send(now, b) }

func (c *toClient) to() *http1.Conn { return &c.conn.Conn }

func (c *toClient) await(now time.Duration) { c.conn.awaitWrite(now) }

func (c *toClient) moved(n int64, err error) error {
	c.sent += n
	c.conn.counters.sent.Add(uint64(n))
	return err
}

// toBackend is the backend of an exchange, as a sink.
type toBackend exchange

func (b *toBackend) Send(now time.Duration, p []byte) error { return b.upstream.Send(now, p) }

func (b *toBackend) to() *http1.Conn { return &b.upstream.Conn }

func (b *toBackend) await(now time.Duration) { b.upstream.AwaitWrite(now) }

func (b *toBackend) moved(_ int64, err error) error {
	if err == nil {
		return nil
	}
	return b.upstream.SendFailed(err)
}
