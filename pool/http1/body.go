package http1

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// maxChunkLine bounds the line before a chunk: its size and its extensions,
// which nobody uses but those who attack.
const maxChunkLine = 256

// Body reads the content of a message piece by piece as it comes, without the
// chunked coding. Its first error stays: a body that broke never looks complete.
type Body struct {
	r       *Reader
	framing FramingKind
	limits  Limits // of the trailer section
	left    int64  // content bytes before the end, or before the end of the chunk
	inChunk bool   // a chunk has begun, its CRLF is still to come
	err     error

	// Trailers are the fields after the last chunk. They are there once Next
	// returned io.EOF and until the Reader reads again.
	Trailers []Field
}

// Reset begins a body of that framing with what r reads next. The limits are those
// of its trailer section.
func (b *Body) Reset(r *Reader, f Framing, limits Limits) {
	*b = Body{r: r, framing: f.Kind, limits: limits, left: f.Length, Trailers: b.Trailers[:0]}
	if f.Empty() {
		b.err = io.EOF
	}
}

// Done reports whether the body was read to its proper end.
func (b *Body) Done() bool { return errors.Is(b.err, io.EOF) }

// Whole returns the content when all of it is buffered already and its length
// was declared; it does not consume it.
func (b *Body) Whole() (content []byte, ok bool) {
	if b.err != nil || b.framing != Length || int64(len(b.r.Buffered())) < b.left {
		return nil, b.Done()
	}
	return b.r.Buffered()[:b.left], true
}

// Skip passes over the n bytes that Whole returned.
func (b *Body) Skip(n int) {
	if n > 0 {
		b.r.Discard(n)
		b.left, b.err = 0, io.EOF
	}
}

// Next returns what has come of the content, at least one byte, blocking until
// there is one. The slice is valid until the Reader is used again. At the end it
// returns io.EOF; a peer that ends too early makes it io.ErrUnexpectedEOF.
func (b *Body) Next() ([]byte, error) {
	if b.err == nil && b.framing == Chunked && b.left == 0 {
		b.err = b.nextChunk()
	}
	if b.err == nil && len(b.r.Buffered()) == 0 {
		b.err = b.fill()
	}
	if b.err != nil {
		return nil, b.err
	}
	piece := b.r.Buffered()
	if b.framing != UntilClose {
		piece = piece[:min(int64(len(piece)), b.left)]
		b.left -= int64(len(piece))
		if b.left == 0 && b.framing == Length {
			b.err = io.EOF
		}
	}
	b.r.Discard(len(piece))
	return piece, nil
}

// fill reads more. Only a body that lasts until the peer ends may end with it.
func (b *Body) fill() error {
	err := b.r.Fill()
	if errors.Is(err, io.EOF) && b.framing != UntilClose {
		return io.ErrUnexpectedEOF
	}
	return err
}

// nextChunk reads up to the content of the next chunk. It returns io.EOF after
// the last one and its trailers.
func (b *Body) nextChunk() error {
	if b.inChunk {
		if err := b.skipLine(0, nil); err != nil {
			return err
		}
		b.inChunk = false
	}
	if err := b.skipLine(maxChunkLine, &b.left); err != nil {
		return err
	}
	if b.left == 0 {
		return b.readTrailers()
	}
	b.inChunk = true
	return nil
}

// skipLine consumes a line of at most limit bytes before its CRLF. When size is
// given, the line is a chunk's and its size goes there.
func (b *Body) skipLine(limit int, size *int64) error {
	for {
		buffered := b.r.Buffered()
		i := bytes.IndexByte(buffered, '\n')
		if i > limit+1 || i < 0 && len(buffered) > limit+1 {
			return ErrChunk
		}
		if i < 0 {
			if err := b.fill(); err != nil {
				return err
			}
			continue
		}
		if i == 0 || buffered[i-1] != '\r' {
			return ErrChunk
		}
		if size != nil {
			n, ok := parseChunkLine(buffered[:i-1])
			if !ok {
				return ErrChunk
			}
			*size = n
		}
		b.r.Discard(i + 1)
		return nil
	}
}

// parseChunkLine reads 1*HEXDIG [chunk-ext] (RFC 9112 section 7.1). Extensions
// are skipped, as that section asks of those who do not know them.
func parseChunkLine(line []byte) (size int64, ok bool) {
	i := 0
	for ; i < len(line); i++ {
		d := Unhex(line[i])
		if d < 0 {
			break
		}
		if i >= 15 { // more than fits 63 bits, or zeros without end
			return 0, false
		}
		size = size<<4 | int64(d)
	}
	ext := TrimBlanks(line[i:])
	return size, i > 0 && (len(ext) == 0 || ext[0] == ';') && all(ext, &valueChars)
}

// readTrailers reads the trailer section (RFC 9112 section 7.1.2). It returns io.EOF
// behind it, and for one over the limits what a head over them is.
func (b *Body) readTrailers() error {
	section, err := b.r.trailers(b.limits.Bytes)
	if err == nil {
		b.Trailers, err = ParseFields(b.Trailers, section, b.limits.Fields)
	}
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, ErrField), errors.Is(err, ErrStartLine):
		return ErrChunk
	case err != nil:
		return err
	}
	b.r.Discard(len(section))
	return io.EOF
}

// AppendChunk appends content, which is not empty, to dst as one chunk.
func AppendChunk(dst, content []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(content)), 16)
	dst = append(dst, "\r\n"...)
	dst = append(dst, content...)
	return append(dst, "\r\n"...)
}

// AppendLastChunk appends the empty chunk that ends a body. The caller appends
// the trailer fields, if any, and the CRLF behind them.
func AppendLastChunk(dst []byte) []byte {
	return append(dst, "0\r\n"...)
}

// Left returns how much of a body of known length is still to come, 0 while some
// of it is buffered. Who moves it past the Reader says so with Moved.
func (b *Body) Left() int64 {
	if b.err != nil || b.framing != Length || len(b.r.Buffered()) > 0 {
		return 0
	}
	return b.left
}

// Moved takes n bytes off what is left, and the error that ended their move.
func (b *Body) Moved(n int64, err error) {
	b.left -= n
	switch {
	case b.left == 0:
		b.err = io.EOF
	case errors.Is(err, io.EOF):
		b.err = io.ErrUnexpectedEOF
	default:
		b.err = err
	}
}

// Ready reports whether Next has something to return without waiting for the
// peer. It may be wrong when it says no.
func (b *Body) Ready() bool {
	buffered := b.r.Buffered()
	if b.err != nil || b.framing != Chunked || b.left > 0 {
		return b.err != nil || len(buffered) > 0
	}
	if b.inChunk {
		if len(buffered) < len(crlf) {
			return false
		}
		buffered = buffered[len(crlf):]
	}
	i := bytes.IndexByte(buffered, '\n')
	if i < 0 || i+1 == len(buffered) {
		return false
	}
	return buffered[0] != '0' || bytes.Contains(buffered, headEnd)
}
