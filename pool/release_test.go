package pool

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// A connection serves another exchange only when both sides are through with the
// last one and the backend means to keep it.
func TestRelease(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, c := range []struct {
		name     string
		response string
		toHead   bool
		reused   bool
	}{
		{"length", ok, false, true},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false, true},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, true},
		{"to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true, true},
		{"1.0 keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", false, true},
		{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, false},
		{"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false, false},
		{"bytes behind", ok + "H", false, false},
		{"response behind", ok + ok, false, false},
		{"bytes behind chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n", false, false},
		{"body to HEAD", ok, true, false},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\n", false, false},
		{"upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := pooltest.New(t)
			b := single(t, fake.Addr, patient())
			up, s := begin(t, b, fake)
			s.Send(c.response)
			require.NoError(t, up.Receive(http1.Now(), c.toHead))
			_, err := content(up)
			require.NoError(t, err)
			requireReused(t, c.reused, b, up, true)
			if !c.reused {
				require.Empty(t, s.Ended())
			}
		})
	}
}

// begin sends a request on a new connection and returns both its ends after the
// backend has read it.
func begin(t *testing.T, b *Backend, fake *pooltest.Backend) (*Conn, *pooltest.Conn) {
	t.Helper()
	c := connect(t, b)
	require.NoError(t, c.Send(http1.Now(), []byte(get)))
	s := fake.Accept()
	s.Receive()
	return c, s
}

// requireReused releases c and requires that the next exchange gets it, or not.
func requireReused(t *testing.T, reused bool, b *Backend, c *Conn, reusable bool) {
	t.Helper()
	c.Release(reusable)
	next := connect(t, b)
	require.Equal(t, reused, next.Reused)
	require.False(t, next.Sent)
	require.Equal(t, 1, b.Connections())
	next.Discard()
}

// A body that ends with its connection takes the connection along.
func TestReleaseUntilClose(t *testing.T) {
	fake := pooltest.New(t)
	b := single(t, fake.Addr, patient())
	c, s := begin(t, b, fake)
	_ = s.Send("HTTP/1.1 200 OK\r\n\r\nhello").Close()
	require.NoError(t, c.Receive(http1.Now(), false))
	got, err := content(c)
	require.NoError(t, err)
	require.Equal(t, "hello", got)
	requireReused(t, false, b, c, true)
}

// A connection with something left on it is not used again: the rest of a body,
// the rest of a request, an answer that was never read.
func TestReleaseUnfinished(t *testing.T) {
	for name, spoil := range map[string]func(c *Conn, s *pooltest.Conn) (reusable bool){
		"body not read": func(c *Conn, s *pooltest.Conn) bool {
			s.Reply(200, "hello")
			require.NoError(t, c.Receive(http1.Now(), false))
			return true
		},
		"request not sent to its end": func(c *Conn, s *pooltest.Conn) bool {
			s.Reply(200, "")
			require.NoError(t, c.Receive(http1.Now(), false))
			return false
		},
		"no response":       func(*Conn, *pooltest.Conn) bool { return true },
		"response not read": func(_ *Conn, s *pooltest.Conn) bool { s.Reply(200, ""); return true },
		"only interim response": func(c *Conn, s *pooltest.Conn) bool {
			s.Send("HTTP/1.1 103 Early Hints\r\n\r\n")
			require.NoError(t, c.Receive(http1.Now(), false))
			return true
		},
		"malformed response": func(c *Conn, s *pooltest.Conn) bool {
			s.Send("HTTP/1.1 200 OK\r\nbad\r\n\r\n")
			require.ErrorIs(t, c.Receive(http1.Now(), false), http1.ErrField)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := pooltest.New(t)
			b := single(t, fake.Addr, patient())
			c, s := exchange(t, b, fake, nil) // a good one before, which must not be mistaken for this
			c.Release(true)
			c = connect(t, b)
			require.True(t, c.Reused)
			require.NoError(t, c.Send(http1.Now(), []byte(get)))
			s.Receive()
			requireReused(t, false, b, c, spoil(c, s))
			require.Empty(t, s.Ended())
		})
	}
}
