package http1

import (
	"bytes"
	"errors"
	"io"
)

// Reader reads messages from a connection. It has a buffer from the first read
// on, until Release or Drop gives that back. It is used by one goroutine at a time.
type Reader struct {
	src io.Reader

	buf  []byte
	r, w int // buf[r:w] was read from src and not consumed yet
	last int // how much the message before took of its buffer
}

// Reset makes the Reader read from src and forget what it holds.
func (r *Reader) Reset(src io.Reader) {
	r.src = src
	r.r, r.w = 0, 0
}

// Buffered returns the bytes that were read and not consumed yet.
func (r *Reader) Buffered() []byte { return r.buf[r.r:r.w] }

// Discard consumes n of the buffered bytes.
func (r *Reader) Discard(n int) {
	r.r += n
	if r.r > r.w {
		panic("BUG: http1: discarded more than was buffered")
	}
}

// Release gives the buffer back, unless it holds bytes that nobody consumed.
func (r *Reader) Release() {
	if r.buf == nil || r.r < r.w {
		return
	}
	ReleaseBuffer(r.buf)
	r.buf, r.r, r.w = nil, 0, 0
}

// Rest gives a large buffer back, unless it holds bytes that nobody consumed: for
// a connection that will soon read again, a small one may stay.
func (r *Reader) Rest() {
	r.last = min(r.w, LargeBuffer)
	if len(r.buf) > SmallBuffer {
		r.Release()
	}
}

// Drop gives the buffer back together with what it holds.
func (r *Reader) Drop() {
	r.r = r.w
	r.Release()
}

// Grow makes room for at least size bytes, those that are buffered included.
// What Buffered and Head returned before is no longer valid.
func (r *Reader) Grow(size int) {
	if len(r.buf) >= size {
		return
	}
	buf := AcquireBuffer(size)
	n := copy(buf, r.buf[r.r:r.w])
	if r.buf != nil {
		ReleaseBuffer(r.buf)
	}
	r.buf, r.r, r.w = buf, 0, n
}

// Space returns room to read into past the Reader; Added says how much was read.
// Nothing may be buffered. It is as much as the message before had needed: who
// sends one with a body of some length sends more of them, and each is then read at
// once.
func (r *Reader) Space() []byte {
	if r.buf == nil {
		r.buf = AcquireBuffer(r.last)
	}
	r.r, r.w = 0, 0
	return r.buf
}

// Room returns what is free behind the buffered bytes; Added says how much of it
// was read.
func (r *Reader) Room() []byte { return r.buf[r.w:] }

// Added makes n bytes of Space or Room buffered.
func (r *Reader) Added(n int) { r.w += n }

// Fill reads once from the connection, blocking until at least one byte came.
// It returns io.EOF when the peer has ended its side, and io.ErrShortBuffer
// when the buffer is full. It may move what is buffered.
func (r *Reader) Fill() error {
	switch {
	case r.buf == nil:
		r.buf = AcquireBuffer(SmallBuffer)
	case r.r == r.w:
		r.r, r.w = 0, 0
	case r.w == len(r.buf):
		if r.r == 0 {
			return io.ErrShortBuffer
		}
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	n, err := r.src.Read(r.buf[r.w:])
	r.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// RequestHead returns the next request head, from its start line to the empty
// line that ends it, without consuming it: Discard(len(head)) does. Empty lines
// before the start line are skipped (RFC 9112 section 2.2).
//
// It returns ErrHeadTooLarge when the head does not end within limit bytes, and
// ErrStartLine or ErrField as soon as it is clear that no head can come of what
// was sent. It returns io.EOF when the peer ended before the first byte of a
// head, and io.ErrUnexpectedEOF when it ended later.
func (r *Reader) RequestHead(limit int) ([]byte, error) {
	searched := 0
	for {
		r.skipEmptyLines()
		head, err := r.head(&searched, limit)
		if head != nil || err != nil {
			return head, err
		}
		if err := r.fillHead(limit); err != nil {
			return nil, err
		}
	}
}

// ResponseHead is RequestHead for responses, before which nothing may stand.
func (r *Reader) ResponseHead(limit int) ([]byte, error) {
	searched := 0
	for {
		head, err := r.head(&searched, limit)
		if head != nil || err != nil {
			return head, err
		}
		if err := r.fillHead(limit); err != nil {
			return nil, err
		}
	}
}

// trailers is ResponseHead for a trailer section, which is no more than an empty line
// when there are no trailers.
func (r *Reader) trailers(limit int) ([]byte, error) {
	searched := 0
	for {
		if b := r.Buffered(); bytes.HasPrefix(b, crlf) {
			return b[:len(crlf)], nil
		}
		section, err := r.head(&searched, limit)
		if section != nil || err != nil {
			return section, err
		}
		if err := r.fillHead(limit); err != nil {
			return nil, err
		}
	}
}

// HasHead reports whether a whole request head is buffered.
func (r *Reader) HasHead() bool {
	r.skipEmptyLines()
	return bytes.Contains(r.buf[r.r:r.w], headEnd)
}

var headEnd = []byte("\r\n\r\n")

// head looks for a whole head in what is buffered. It returns neither a head nor
// an error when more is needed; searched remembers how far it has looked.
func (r *Reader) head(searched *int, limit int) ([]byte, error) {
	b := r.buf[r.r:r.w]
	if i := bytes.Index(b[*searched:], headEnd); i >= 0 {
		n := *searched + i + len(headEnd)
		if n > limit {
			return nil, ErrHeadTooLarge
		}
		return b[:n], nil
	}
	// Slow path: the head came in more than one piece.
	*searched = max(0, len(b)-len(headEnd)+1)
	if len(b) > limit {
		return nil, ErrHeadTooLarge
	}
	return nil, hopeless(b)
}

// hopeless returns an error for the beginning of a head that cannot become one,
// so that whoever sent it is answered at once instead of when time runs out.
func hopeless(b []byte) error {
	if len(b) == 0 || b[0] == '\r' && (len(b) == 1 || b[1] == '\n') {
		return nil
	}
	if !tokenChars[b[0]] {
		return ErrStartLine
	}
	for rest := b; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return nil
		}
		if i == 0 || rest[i-1] != '\r' {
			return ErrField
		}
		rest = rest[i+1:]
	}
}

// fillHead reads more of a head, with room for limit bytes of it and one more,
// which tells a head of the full size from one that is too large.
func (r *Reader) fillHead(limit int) error {
	if n := r.w - r.r; n > 0 && n == len(r.buf) {
		r.Grow(min(2*n, limit+1))
	}
	started := r.r < r.w
	err := r.Fill()
	if started && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *Reader) skipEmptyLines() {
	for r.w-r.r >= 2 && r.buf[r.r] == '\r' && r.buf[r.r+1] == '\n' {
		r.r += 2
	}
}
