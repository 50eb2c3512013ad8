package engine

import (
	"errors"
	"io"
	"time"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// source is where a body comes from.
type source interface {
	ready() bool           // next has a piece without waiting
	next() ([]byte, error) // the next piece, valid until the next call; io.EOF at the end
}

// sink is where a body goes to.
type sink interface {
	Send(now time.Duration, b []byte) error
}

// pump moves a body from src to dst as it comes, behind what x.out holds. What
// has come is sent before it waits for more. It returns what went wrong on the
// side of src and on that of dst; one of the two at most.
func (x *exchange) pump(src source, dst sink, framing http1.FramingKind) (srcErr, dstErr error) {
	for {
		if len(x.out) > 0 && (!src.ready() || len(x.out) >= http1.LargeBuffer) {
			if err := x.flush(dst); err != nil {
				return nil, err
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
			x.out = http1.AppendChunk(x.out, piece)
		case len(x.out) > 0:
			x.out = append(x.out, piece...)
		default:
			if err := dst.Send(http1.Now(), piece); err != nil {
				return nil, err
			}
		}
	}
	if framing == http1.Chunked {
		x.out = append(http1.AppendLastChunk(x.out), "\r\n"...)
	}
	return nil, x.flush(dst)
}

// flush sends what x.out holds.
func (x *exchange) flush(dst sink) error {
	if len(x.out) == 0 {
		return nil
	}
	err := dst.Send(http1.Now(), x.out)
	x.out = x.out[:0]
	return err
}

// requestBody is the body of an exchange's request, as a source.
type requestBody exchange

func (b *requestBody) ready() bool { return b.body.Ready() }

func (b *requestBody) next() ([]byte, error) {
	if !b.body.Ready() {
		b.conn.ReadWithin(http1.Now(), b.snap.timeouts.ClientBody)
	}
	piece, err := b.body.Next()
	if err != nil {
		if b.body.Done() {
			return nil, io.EOF
		}
		return nil, clientError(err)
	}
	b.received += int64(len(piece))
	if limit := b.snap.maxBody; limit > 0 && b.received > limit {
		return nil, errBodyTooLarge
	}
	return piece, nil
}

// responseBody is the body of an exchange's response, as a source.
type responseBody exchange

func (b *responseBody) ready() bool { return b.upstream.Body.Ready() }

func (b *responseBody) next() ([]byte, error) { return b.upstream.Next(http1.Now()) }
