package engine

import (
	"errors"
	"io"
	"time"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// source is where a body comes from.
type source interface {
	ready() bool             // next has a piece without waiting
	next() ([]byte, error)   // the next piece, valid until the next call; io.EOF at the end
	trailers() []http1.Field // behind a chunked body, after its end
}

// sink is where a body goes to.
type sink interface {
	Send(now time.Duration, b []byte) error
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
		b.conn.ReadWithin(http1.Now(), b.snap.timeouts.ClientBody)
		if b.uploading.stopped.Load() {
			return nil, errClientGone // stop has set a deadline that must stay
		}
	}
	piece, err := b.body.Next()
	if err != nil {
		if b.body.Done() {
			b.uploading.read.Store(true)
			return nil, io.EOF
		}
		return nil, clientError(err)
	}
	if b.body.Done() {
		b.uploading.read.Store(true) // before the last of it is written: its answer may come at once
	}
	b.received += int64(len(piece))
	if limit := b.snap.maxBody; limit > 0 && b.received > limit {
		return nil, errBodyTooLarge
	}
	return piece, nil
}

func (b *requestBody) trailers() []http1.Field { return b.body.Trailers }

// responseBody is the body of an exchange's response, as a source.
type responseBody exchange

func (b *responseBody) ready() bool { return b.upstream.Body.Ready() }

func (b *responseBody) next() ([]byte, error) { return b.upstream.Next(http1.Now()) }

func (b *responseBody) trailers() []http1.Field { return b.upstream.Body.Trailers }
