package pool

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// halfClose ends the sending side of a fake backend's connection.
func halfClose(s *pooltest.Conn) {
	_ = s.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// ways are the two ways to send a request.
var ways = map[string]func(*Conn) error{
	"Send":      func(c *Conn) error { return c.Send(http1.Now(), []byte(get)) },
	"SendFirst": func(c *Conn) error { return c.SendFirst(http1.Now(), []byte(get)) },
}

// On an idle connection that the backend has ended, reset or talked on, nothing is
// sent and nothing read: the request can go out on another, whatever it is.
func TestStaleConnection(t *testing.T) {
	for way, send := range ways {
		for name, spoil := range map[string]func(*pooltest.Conn){
			"ended":      func(s *pooltest.Conn) { _ = s.Close() },
			"half ended": halfClose,
			"reset":      func(s *pooltest.Conn) { s.Reset() },
			"talked":     func(s *pooltest.Conn) { s.Send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n") },
		} {
			t.Run(way+" "+name, func(t *testing.T) {
				fake := pooltest.New(t)
				b := single(t, fake.Addr, patient())
				c, s := exchange(t, b, fake, nil)
				c.Release(true)
				require.True(t, c.quiet())
				spoil(s)
				eventually(t, func() bool { return !c.quiet() })
				c = connect(t, b)
				require.True(t, c.Reused)
				err := send(c)
				if err == nil {
					err = c.Receive(http1.Now(), false)
				}
				require.ErrorIs(t, err, ErrTerminated)
				require.False(t, c.Sent)
				c.Discard()

				c, err = b.Connect(true)
				require.NoError(t, err)
				require.False(t, c.Reused)
				c.Discard()
			})
		}
	}
}

// What the backend does after it got the request ends the wait for its answer,
// whatever it is.
func TestWaitEnds(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*pooltest.Conn)
		want error
	}{
		"answers":              {func(s *pooltest.Conn) { s.Reply(200, "") }, nil},
		"answers and ends":     {func(s *pooltest.Conn) { s.Reply(200, ""); _ = s.Close() }, nil},
		"answers in two parts": {func(s *pooltest.Conn) { s.Send("HTTP/1.1 200"); s.Send(" OK\r\nContent-Length: 0\r\n\r\n") }, nil},
		"ends":                 {func(s *pooltest.Conn) { _ = s.Close() }, ErrTerminated},
		"half ends":            {halfClose, ErrTerminated},
		"resets":               {func(s *pooltest.Conn) { s.Reset() }, ErrTerminated},
	} {
		t.Run(name, func(t *testing.T) {
			fake := pooltest.New(t)
			b := single(t, fake.Addr, patient())
			conn, s := exchange(t, b, fake, nil)
			conn.Release(true)
			conn = connect(t, b)
			go func() {
				if _, err := s.ReadRequest(); err == nil {
					c.act(s)
				}
			}()
			require.NoError(t, conn.SendFirst(http1.Now(), []byte(get)))
			require.ErrorIs(t, conn.Receive(http1.Now(), false), c.want)
			require.True(t, conn.Sent)
			conn.Discard()
		})
	}
}

// However close to each other the request and the end of the connection are, the
// wait ends: with the answer, or with an error that says whether the request was
// sent.
func TestEndRacesRequest(t *testing.T) {
	fake := pooltest.New(t)
	limits := patient()
	b := single(t, fake.Addr, limits)
	for i := range 1500 {
		c, err := b.Connect(true)
		require.NoError(t, err)
		s := fake.Accept()
		go func() {
			spin(rand.N(60 * time.Microsecond))
			switch i % 3 {
			case 0:
				_ = s.Close()
			case 1:
				halfClose(s)
			case 2:
				_, _ = s.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
			}
		}()
		spin(rand.N(60 * time.Microsecond))
		c.Reused = true
		require.NoError(t, c.SendFirst(http1.Now(), []byte(get)))
		err = c.Receive(http1.Now(), false)
		if !errors.Is(err, ErrTerminated) {
			require.NoError(t, err)
		}
		c.Discard()
		_ = s.Close()
	}
}

// spin waits for a time too short to sleep.
func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
		runtime.Gosched()
	}
}

// A request that the socket does not take at once is sent to its end before its
// answer is waited for.
func TestSendFirstLarge(t *testing.T) {
	fake := pooltest.New(t)
	b := single(t, fake.Addr, patient())
	c := connect(t, b)
	s := fake.Accept()
	body := make([]byte, 16<<20)
	for i := range body {
		body[i] = 'x'
	}
	request := append([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16777216\r\n\r\n"), body...)
	go func() {
		if req, err := s.ReadRequest(); err == nil && len(req.Content) == len(body) {
			s.Reply(200, "all of it")
		}
	}()
	require.NoError(t, c.SendFirst(http1.Now(), request))
	require.NoError(t, c.Receive(http1.Now(), false))
	got, err := content(c)
	require.NoError(t, err)
	require.Equal(t, "all of it", got)
	c.Discard()
}
