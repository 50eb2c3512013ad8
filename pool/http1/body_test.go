package http1

import (
	"bytes"
	"errors"
	"io"
	"net/http/httputil"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// trailerLimits are those of the bodies here.
var trailerLimits = Limits{Bytes: 1000, Fields: 10}

func readBody(src io.Reader, f Framing) (content string, b *Body, r *Reader, err error) {
	r, b = new(Reader), new(Body)
	r.Reset(src)
	b.Reset(r, f, trailerLimits)
	var all []byte
	for {
		piece, err := b.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return string(all), b, r, err
		}
		all = append(all, piece...)
	}
}

// A body is read to its end and not a byte further, in whatever pieces it comes.
func TestBody(t *testing.T) {
	for _, c := range []struct {
		sent    string
		framing Framing
		content string
		rest    string
	}{
		{"next", Framing{}, "", "next"},
		{"hello" + "next", Framing{Length, 5}, "hello", "next"},
		{"hello", Framing{Kind: UntilClose}, "hello", ""},
		{"5\r\nhello\r\n0\r\n\r\nnext", Framing{Kind: Chunked}, "hello", "next"},
		{"5;a=b\r\nhello\r\nA \r\n0123456789\r\n000\r\n\r\nnext", Framing{Kind: Chunked}, "hello0123456789", "next"},
		{"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\nnext", Framing{Kind: Chunked}, "x", "next"},
	} {
		for name, src := range map[string]io.Reader{
			"at once":      strings.NewReader(c.sent),
			"byte by byte": iotest.OneByteReader(strings.NewReader(c.sent)),
		} {
			content, b, r, err := readBody(src, c.framing)
			require.NoError(t, err, "%q %s", c.sent, name)
			require.True(t, b.Done())
			require.Equal(t, c.content, content, "%q %s", c.sent, name)
			rest, err := io.ReadAll(io.MultiReader(bytes.NewReader(r.Buffered()), src))
			require.NoError(t, err)
			require.Equal(t, c.rest, string(rest), "%q %s", c.sent, name)
			require.Len(t, b.Trailers, strings.Count(c.sent, ": "))
		}
	}
}

// A body that breaks off or is malformed is an error that stays.
func TestBodyErrors(t *testing.T) {
	chunked := Framing{Kind: Chunked}
	for _, c := range []struct {
		sent    string
		framing Framing
		want    error
	}{
		{"hell", Framing{Length, 5}, io.ErrUnexpectedEOF},
		{"", chunked, io.ErrUnexpectedEOF},
		{"5\r\nhell", chunked, io.ErrUnexpectedEOF},
		{"5\r\nhello\r\n", chunked, io.ErrUnexpectedEOF},
		{"5\r\nhello\r\n0\r\n", chunked, io.ErrUnexpectedEOF},
		{"5\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"5\r\nhelloX0\r\n\r\n", chunked, ErrChunk},
		{"5\r\nhello\n0\r\n\r\n", chunked, ErrChunk},
		{"+5\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"-5\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"0x5\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{" 5\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"5 x\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"\r\n", chunked, ErrChunk},
		{";a\r\n", chunked, ErrChunk},
		{"8000000000000000\r\n", chunked, ErrChunk},
		{"0000000000000005\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"5;" + strings.Repeat("x", maxChunkLine) + "\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"5;a\x00\r\nhello\r\n0\r\n\r\n", chunked, ErrChunk},
		{"0\r\nbad\r\n\r\n", chunked, ErrChunk},
		{"0\r\n\rA: b\r\n\r\n", chunked, ErrChunk},
		{"0\r\n" + strings.Repeat("A: b\r\n", 11) + "\r\n", chunked, ErrTooManyFields},
		{"0\r\nA: " + strings.Repeat("x", 1000) + "\r\n\r\n", chunked, ErrHeadTooLarge},
		{"0\r\nA: " + strings.Repeat("x", 1000), chunked, ErrHeadTooLarge},
	} {
		_, b, _, err := readBody(strings.NewReader(c.sent), c.framing)
		require.ErrorIs(t, err, c.want, "%q", c.sent)
		_, again := b.Next()
		require.ErrorIs(t, again, c.want, "%q", c.sent)
		require.False(t, b.Done())
	}
}

// The limit of a trailer section holds to the byte, also beyond the buffer the body
// was read with, and in whatever pieces it comes.
func TestTrailerLimit(t *testing.T) {
	for _, limit := range []int{100, SmallBuffer, SmallBuffer + 1, LargeBuffer, 100_000} {
		sent := "5\r\nhello\r\n0\r\nA: " + strings.Repeat("x", limit-len("A: \r\n\r\n")) + "\r\n\r\nnext"
		for name, src := range map[string]func() io.Reader{
			"at once":      func() io.Reader { return strings.NewReader(sent) },
			"byte by byte": func() io.Reader { return iotest.OneByteReader(strings.NewReader(sent)) },
		} {
			for over, want := range []error{io.EOF, ErrHeadTooLarge} {
				var r Reader
				var b Body
				r.Reset(src())
				b.Reset(&r, Framing{Kind: Chunked}, Limits{Bytes: limit - over, Fields: 1})
				var err error
				for err == nil {
					_, err = b.Next()
				}
				require.ErrorIs(t, err, want, "limit %d, %s", limit-over, name)
				require.Len(t, b.Trailers, 1-over)
			}
		}
	}
}

// What AppendChunk writes is what another implementation reads.
func TestAppendChunk(t *testing.T) {
	sent := AppendChunk(nil, []byte("hello "))
	sent = AppendChunk(sent, bytes.Repeat([]byte("x"), 300))
	sent = append(AppendLastChunk(sent), "\r\n"...)
	got, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(sent)))
	require.NoError(t, err)
	require.Equal(t, "hello "+strings.Repeat("x", 300), string(got))
}
