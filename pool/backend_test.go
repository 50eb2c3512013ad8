package pool

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// patient are limits that no test runs into unless it shortens them.
func patient() Limits {
	return Limits{
		Connect: patience, ResponseHeader: patience, ResponseBody: patience, Idle: patience, HeadBytes: 4096, Fields: 100, TLSHandshake: patience,
	}
}

// single returns the backend of a pool that has only this one.
func single(t testing.TB, addr string, limits Limits) *Backend {
	p := New(Config{
		Name: "test", Strategy: "round_robin", Limits: limits,
		Backends: []BackendConfig{{Addr: addr, Weight: 1, MaxConns: 256}},
	})
	t.Cleanup(p.Close)
	return p.Backends()[0]
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// connect returns a connection that must be there.
func connect(t testing.TB, b *Backend) *Conn {
	t.Helper()
	c, err := b.Connect(false)
	require.NoError(t, err)
	return c
}

// exchange sends a request on a connection that must be there, lets reply answer
// it at the other end, which is the next new one when other is nil, and reads the
// response to its end. It returns both ends.
func exchange(t *testing.T, b *Backend, fake *pooltest.Backend, other *pooltest.Conn) (*Conn, *pooltest.Conn) {
	t.Helper()
	c := connect(t, b)
	require.Equal(t, other != nil, c.Reused)
	require.False(t, c.Sent)
	require.NoError(t, c.Send(http1.Now(), []byte(get)))
	require.True(t, c.Sent)
	if other == nil {
		other = fake.Accept()
	}
	require.Equal(t, get, other.Receive().Head)
	other.Reply(200, "hello")
	require.NoError(t, c.Receive(http1.Now(), false))
	require.Equal(t, 200, c.Response.Status)
	content, err := content(c)
	require.NoError(t, err)
	require.Equal(t, "hello", content)
	return c, other
}

// content reads a response body to its end.
func content(c *Conn) (string, error) {
	var all []byte
	for {
		piece, err := c.Next(http1.Now())
		if err == nil {
			all = append(all, piece...)
			continue
		}
		if c.Body.Done() {
			err = nil
		}
		return string(all), err
	}
}

// eventually waits for what the network brings about.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, time.Millisecond)
}

// A connection serves one exchange after the other.
func TestConnectReuses(t *testing.T) {
	fake := pooltest.New(t)
	b := single(t, fake.Addr, patient())
	c, s := exchange(t, b, fake, nil)
	for range 5 {
		c.Release(true)
		require.Equal(t, 1, b.Connections())
		again, _ := exchange(t, b, fake, s)
		require.Same(t, c, again)
	}
	c.Release(true)
	require.Equal(t, 1, fake.Connections())
}

// With max_conns connections in use there is an error at once, until one of them
// is given back.
func TestConnectLimit(t *testing.T) {
	fake := pooltest.New(t)
	b := single(t, fake.Addr, patient())
	require.Equal(t, 256, b.MaxConns())
	var conns []*Conn
	for range b.MaxConns() {
		conns = append(conns, connect(t, b))
	}
	_, err := b.Connect(false)
	require.ErrorIs(t, err, ErrConnLimit)
	require.Empty(t, b.suspect, "a limit of ours is no reason to suspect the backend")
	conns[0].Discard()
	conns[0] = connect(t, b)
	_, err = b.Connect(false)
	require.ErrorIs(t, err, ErrConnLimit)
	for _, c := range conns {
		c.Discard()
	}
	require.Zero(t, b.Connections())
}

// A failed dial says why, counts no connection and asks for a probe once.
func TestConnectErrors(t *testing.T) {
	for addr, want := range map[string]error{
		refusing:            ErrRefused,
		"no..such..name:80": ErrDNS, // refused by the resolver itself, nobody is asked
		"127.0.0.1:99999":   ErrUnroutable,
	} {
		b := single(t, addr, patient())
		for range 2 {
			_, err := b.Connect(false)
			require.ErrorIs(t, err, want, addr)
		}
		require.Zero(t, b.Connections())
		require.Len(t, b.suspect, 1)
	}
}

// A backend that takes no connection off its queue makes connecting run into its
// limit, once the queue is full.
func TestConnectTimeout(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer func() { _ = unix.Close(fd) }()
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(fd, 0))
	name, err := unix.Getsockname(fd)
	require.NoError(t, err)

	limits := patient()
	limits.Connect = 20 * time.Millisecond
	b := single(t, fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port), limits)
	for range b.MaxConns() {
		c, err := b.Connect(false)
		if err != nil {
			require.ErrorIs(t, err, ErrConnectTimeout)
			return
		}
		defer c.Discard()
	}
	t.Fatal("the queue of a listener with a backlog of 0 took all connections")
}

// A backend that goes down, and a pool that is closed, keep no idle connections;
// after Close those in use are closed when they are given back.
func TestIdleConnectionsAreClosed(t *testing.T) {
	fake := pooltest.New(t)
	p := New(Config{
		Name: "test", Strategy: "round_robin", Limits: patient(),
		Backends: []BackendConfig{{Addr: fake.Addr, Weight: 1, MaxConns: 256}},
	})
	b := p.Backends()[0]
	c, s := exchange(t, b, fake, nil)
	c.Release(true)
	p.setState(b, Down, "test")
	require.Empty(t, s.Ended())

	idle, atIdle := exchange(t, b, fake, nil)
	used, atUsed := exchange(t, b, fake, nil)
	idle.Release(true)
	p.Close()
	require.Empty(t, atIdle.Ended())
	require.Equal(t, 1, b.Connections())
	used.Release(true)
	require.Empty(t, atUsed.Ended())
	require.Zero(t, b.Connections())
}

// What is inflight is what began and did not end.
func TestInflight(t *testing.T) {
	b := single(t, refusing, patient())
	b.Begin()
	b.Begin()
	b.End()
	require.EqualValues(t, 1, b.Inflight())
}
