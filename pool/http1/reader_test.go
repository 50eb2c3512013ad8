package http1

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// A head is found whole however its bytes come, and what follows it is kept.
func TestRequestHead(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, src := range map[string]io.Reader{
		"at once":      strings.NewReader("\r\n\r\n" + head + "rest"),
		"byte by byte": iotest.OneByteReader(strings.NewReader("\r\n\r\n" + head + "rest")),
	} {
		t.Run(name, func(t *testing.T) {
			var r Reader
			r.Reset(src)
			got, err := r.RequestHead(1000)
			require.NoError(t, err)
			require.Equal(t, head, string(got))
			r.Discard(len(got))
			for len(r.Buffered()) < 4 {
				require.NoError(t, r.Fill())
			}
			require.Equal(t, "rest", string(r.Buffered()))
		})
	}
}

// The limit of a head holds to the byte, also beyond the small buffer.
func TestHeadLimit(t *testing.T) {
	for _, limit := range []int{100, SmallBuffer, SmallBuffer + 1, LargeBuffer, 100_000} {
		head := "GET / HTTP/1.1\r\nX: "
		head += strings.Repeat("x", limit-len(head)-4) + "\r\n\r\n"
		var r Reader
		r.Reset(strings.NewReader(head))
		got, err := r.RequestHead(limit)
		require.NoError(t, err, "limit %d", limit)
		require.Len(t, got, limit)
		r.Drop()

		r.Reset(strings.NewReader(head))
		_, err = r.RequestHead(limit - 1)
		require.ErrorIs(t, err, ErrHeadTooLarge, "limit %d", limit)
	}
}

// A beginning that cannot become a head is refused without waiting for more,
// and an end before the head is whole is told from an end before its first byte.
func TestHeadErrors(t *testing.T) {
	for sent, want := range map[string]error{
		"":                            io.EOF,
		"\r\n":                        io.EOF,
		"GET / HT":                    io.ErrUnexpectedEOF,
		"GET / HTTP/1.1\n":            ErrField,
		"GET / HTTP/1.1\r\nHost: a\n": ErrField,
		"\x16\x03\x01":                ErrStartLine,
		" GET":                        ErrStartLine,
		"\n":                          ErrStartLine,
	} {
		var r Reader
		r.Reset(strings.NewReader(sent))
		_, err := r.RequestHead(1000)
		require.ErrorIs(t, err, want, "%q", sent)
	}
}

// Nothing may stand before a response.
func TestResponseHead(t *testing.T) {
	var r Reader
	r.Reset(strings.NewReader("\r\nHTTP/1.1 200 OK\r\n\r\n"))
	head, err := r.ResponseHead(1000)
	require.NoError(t, err)
	require.ErrorIs(t, new(Response).Parse(head, false, 10), ErrStartLine)
}

// The room for the next message is as much as the one before it had taken, of the
// two kinds of buffer.
func TestReaderSpaceFollows(t *testing.T) {
	var r Reader
	for _, step := range []struct{ took, next int }{
		{SmallBuffer, SmallBuffer},
		{SmallBuffer + 1, LargeBuffer},
		{LargeBuffer + 1, LargeBuffer},
		{10, SmallBuffer},
	} {
		r.Space()
		r.Grow(step.took)
		r.Added(step.took)
		r.Discard(step.took)
		r.Rest()
		r.Release()
		require.Equal(t, step.next, len(r.Space()))
	}
}
