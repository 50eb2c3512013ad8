package pool

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// Ways for a script to go on after what it sent.
var (
	ends   = func(s *pooltest.Conn) { _ = s.Close() }
	resets = func(s *pooltest.Conn) { s.Reset() }
	waits  = func(*pooltest.Conn) {}
)

// Interim responses are received one by one before the final one.
func TestReceiveInterim(t *testing.T) {
	fake := pooltest.New(t)
	c, s := begin(t, single(t, fake.Addr, patient()), fake)
	s.Send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n").Reply(200, "hello")
	for _, status := range []int{100, 103, 200} {
		require.NoError(t, c.Receive(http1.Now(), false))
		require.Equal(t, status, c.Response.Status)
	}
	got, err := content(c)
	require.NoError(t, err)
	require.Equal(t, "hello", got)
	c.Release(true)
}

// A response head that breaks off, is malformed, too large or late is an error
// that says which.
func TestReceiveErrors(t *testing.T) {
	for _, c := range []struct {
		sent string
		then func(*pooltest.Conn)
		want error
	}{
		{"", resets, ErrTerminated},
		{"", ends, ErrTerminated},
		{"", waits, ErrResponseTimeout},
		{"HTTP/1.1 200 O", resets, ErrTerminated},
		{"HTTP/1.1 200 O", ends, ErrTerminated},
		{"HTTP/1.1 200 OK\r\nServer: a\r\n", waits, ErrResponseTimeout},
		{"\x15\x03\x01\x00\x02", waits, http1.ErrStartLine},
		{"SSH-2.0-OpenSSH_9.9\r\n\r\n", waits, http1.ErrStartLine},
		{"HTTP/2.0 200 OK\r\n\r\n", waits, http1.ErrVersion},
		{"HTTP/1.1 200 OK\nServer: a\n\n", waits, http1.ErrField},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", waits, http1.ErrFraming},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 5000), waits, http1.ErrHeadTooLarge},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n", waits, http1.ErrHeadTooLarge},
	} {
		limits := patient()
		if c.want == ErrResponseTimeout {
			limits.ResponseHeader = 10 * time.Millisecond
		}
		fake := pooltest.New(t)
		up, s := begin(t, single(t, fake.Addr, limits), fake)
		c.then(s.Send(c.sent))
		require.ErrorIs(t, up.Receive(http1.Now(), false), c.want, "%q", c.sent)
		up.Discard()
		require.Empty(t, s.Ended())
	}
}

// A body that breaks off, is malformed or falls silent is an error after what has
// come of it, and never looks complete.
func TestBodyErrors(t *testing.T) {
	const (
		length  = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
		chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		toEnd   = "HTTP/1.1 200 OK\r\n\r\n"
	)
	for _, c := range []struct {
		head, sent string
		then       func(*pooltest.Conn)
		content    string
		want       error
	}{
		{length, "", resets, "", ErrTerminated},
		{length, "", ends, "", ErrTerminated},
		{length, "hello", resets, "hello", ErrTerminated},
		{length, "hello", ends, "hello", ErrTerminated},
		{length, "hello", waits, "hello", ErrBodyTimeout},
		{chunked, "5\r\nhello\r\n", resets, "hello", ErrTerminated},
		{chunked, "5\r\nhello\r\n", ends, "hello", ErrTerminated},
		{chunked, "5\r\nhello\r\n0\r\n", ends, "hello", ErrTerminated},
		{chunked, "5\r\nhello\r\n", waits, "hello", ErrBodyTimeout},
		{chunked, "5\r\nhello\r\n5", waits, "hello", ErrBodyTimeout},
		{chunked, "5\r\nhello\r\nx", waits, "hello", ErrBodyTimeout},
		{chunked, "5\r\nhello\r\nx\r\n", waits, "hello", http1.ErrChunk},
		{toEnd, "hello", resets, "hello", ErrTerminated},
		{toEnd, "hello", waits, "hello", ErrBodyTimeout},
	} {
		limits := patient()
		if c.want == ErrBodyTimeout {
			limits.ResponseBody = 10 * time.Millisecond
		}
		fake := pooltest.New(t)
		up, s := begin(t, single(t, fake.Addr, limits), fake)
		s.Send(c.head + c.sent)
		require.NoError(t, up.Receive(http1.Now(), false))
		got := ""
		for len(got) < len(c.content) { // a reset may overtake what nobody has read yet
			piece, err := up.Next(http1.Now())
			require.NoError(t, err)
			got += string(piece)
		}
		require.Equal(t, c.content, got)
		c.then(s)
		rest, err := content(up)
		require.ErrorIs(t, err, c.want, "%q", c.head+c.sent)
		require.Empty(t, rest)
		_, again := up.Next(http1.Now())
		require.ErrorIs(t, again, c.want)
		require.False(t, up.Body.Done())
		up.Release(true)
		require.Empty(t, s.Ended())
	}
}

// The silence of a body is measured from when its next piece is waited for, also
// when the end of a chunk has come already; what has come is never late.
func TestBodySilenceBetweenChunks(t *testing.T) {
	fake := pooltest.New(t)
	c, s := begin(t, single(t, fake.Addr, patient()), fake)
	s.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	require.NoError(t, c.Receive(http1.Now(), false))
	require.NoError(t, c.SetReadDeadline(time.Time{}))
	for !c.Body.Ready() {
		require.NoError(t, c.Reader.Fill())
	}
	longAgo := http1.Now() - time.Hour
	piece, err := c.Next(longAgo)
	require.NoError(t, err)
	require.Equal(t, "hello", string(piece))
	s.Send("0\r\n\r\n")
	_, err = c.Next(longAgo)
	require.ErrorIs(t, err, ErrBodyTimeout)
	c.Discard()
}

// Each wait of an exchange has its own limit, whatever the one before it was.
func TestLimitsFollowEachOther(t *testing.T) {
	limits := patient()
	limits.ResponseHeader, limits.ResponseBody = time.Hour, 10*time.Millisecond
	fake := pooltest.New(t)
	b := single(t, fake.Addr, limits)
	c, s := begin(t, b, fake)
	s.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
	require.NoError(t, c.Receive(http1.Now(), false))
	_, err := c.Next(http1.Now())
	require.ErrorIs(t, err, ErrBodyTimeout)
	c.Discard()
}

// A connection that was idle is not held to the deadlines of its last exchange.
func TestDeadlinesDoNotOutliveAnExchange(t *testing.T) {
	fake := pooltest.New(t)
	b := single(t, fake.Addr, patient())
	c, s := exchange(t, b, fake, nil)
	longAgo := http1.Now() - time.Hour
	c.ReadWithin(longAgo, time.Second)
	c.WriteWithin(longAgo, time.Second)
	c.Release(true)
	c, _ = exchange(t, b, fake, s)
	c.Release(true)
}

// A backend that takes no bytes of a request makes Send run into its limit, and
// one that is gone ends it; either way it is known that something was sent.
func TestSendErrors(t *testing.T) {
	for _, c := range []struct {
		then func(*pooltest.Conn)
		want error
	}{{waits, ErrWriteTimeout}, {resets, ErrTerminated}} {
		limits := patient()
		if c.want == ErrWriteTimeout {
			limits.ResponseHeader = 10 * time.Millisecond
		}
		fake := pooltest.New(t)
		up := connect(t, single(t, fake.Addr, limits))
		c.then(fake.Accept())
		var err error
		for range 10_000 { // far more than the sockets hold
			if err = up.Send(http1.Now(), make([]byte, 1<<16)); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, c.want)
		if c.want == ErrWriteTimeout {
			require.True(t, up.Sent)
		}
		up.Discard()
	}
}
