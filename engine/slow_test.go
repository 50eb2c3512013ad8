package engine

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// trickle writes s again and again in short intervals until that fails, or the
// test is over.
func trickle(t testing.TB, w io.Writer, s string) {
	done, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(done)
		<-ended
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if _, err := io.WriteString(w, s); err != nil {
				return
			}
		}
	}()
}

// A client that begins a head in time and never ends it is told so; bytes that
// keep coming do not buy it more time, on a kept connection neither.
func TestClientHeaderLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {client_header: 500ms}")
	p.backend("a").Answer("x")
	fresh, kept := p.connect(), p.connect()
	trickle(t, fresh, "G")
	kept.get("/")
	kept.want(200, "x")
	kept.send("GET / HTTP/1.1\r\n")
	trickle(t, kept, "X: y\r\n")
	require.True(t, fresh.wantReject(408, "http_request_error").Close)
	require.True(t, kept.wantReject(408, "http_request_error").Close)
}

// A kept connection on which no request comes is closed in silence.
func TestClientIdleLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {client_idle: 50ms}")
	p.backend("a").Answer("x")
	c := p.connect()
	c.get("/")
	require.False(t, c.want(200, "x").Close)
	c.wantEnd()
	p.wantMetric("proxy_downstream_connections", "0")
	p.wantMetric(`proxy_rejected_requests_total{reason="http_request_error"}`, "0")
}

// A body that stops coming is answered with 408, and the backend does not take
// what it has for a whole request.
func TestClientBodyLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {client_body: 100ms}")
	for name, begin := range map[string]string{
		"length":  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nbegin",
		"chunked": "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin",
	} {
		c := p.connect()
		c.send(begin)
		b := p.backend("a").Accept()
		b.Head()
		require.True(t, c.wantReject(408, "http_request_error").Close, name)
		require.NotContains(t, b.Ended(), "0\r\n\r\n", name)
	}
	p.wantMetric(p.backendErrors("connection_terminated"), "0")
}

// A body that keeps coming has all the time it takes.
func TestSlowBody(t *testing.T) {
	const silence = time.Second
	p := startProxy(t, fmt.Sprintf("backends: [$a]\ntimeouts: {client_body: %s}", silence))
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
	b := p.backend("a").Accept()
	b.Head()
	tick := time.NewTicker(silence / 20)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < 3*silence/2; {
		<-tick.C
		c.send("1\r\nx\r\n")
		b.Bytes(6)
	}
	c.send("0\r\n\r\n")
	b.Bytes(5)
	b.Reply(200, "ok")
	c.want(200, "ok")
}

// A client that takes no bytes of a response is cut off, and its backend is free.
func TestClientWriteLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {client_write: 100ms, response_body: 20s}")
	var took atomic.Int64
	p.backend("a").Serve(func(b *pooltest.Conn) {
		if _, err := b.ReadRequest(); err != nil {
			return
		}
		n, _ := io.Copy(b, io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"), io.LimitReader(zeros{}, 1e9)))
		took.Add(n)
	})
	c := p.connect()
	c.get("/")
	p.wantMetric(`proxy_requests_total{pool="default",code="2xx"}`, "1")
	p.wantMetric("proxy_requests_inflight", "0")
	require.Eventually(t, func() bool { return took.Load() > 0 }, patience, time.Millisecond)
	require.Less(t, took.Load(), int64(256<<20), "the backend was held up")
	_, err := io.Copy(io.Discard, c.r)
	require.NoError(t, err, "the response breaks off")
	p.wantMetric(p.backendErrors("http_response_incomplete"), "0")
	p.wantMetric(`proxy_backend_inflight{pool="default",backend="`+p.backend("a").Addr+`"}`, "0")
}

// A client that takes a little of what it is sent within each limit gets it all.
func TestClientTakesLittle(t *testing.T) {
	c := &conn{counters: &counters{}}
	little := &takesLittle{}
	c.Init(little, nil)
	c.exchange.snap = &snapshot{timeouts: config.Timeouts{ClientWrite: time.Second}}
	require.NoError(t, c.Send(http1.Now(), []byte("hello")))
	require.Equal(t, "hello", string(little.got))
	little.full = true
	require.ErrorIs(t, c.Send(http1.Now(), []byte("hello")), os.ErrDeadlineExceeded)
}

// The same holds under TLS, which could not go on after a write that was cut short.
func TestClientTakesLittleOverTLS(t *testing.T) {
	little := &takesLittle{}
	owner := &conn{engine: &Engine{}}
	owner.engine.snapshot.Store(&snapshot{timeouts: config.Timeouts{ClientWrite: time.Second}})
	w := &wire{Conn: little, owner: owner}
	n, err := w.Write([]byte("hello"))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.Equal(t, "hello", string(little.got))
	w.owner = nil
	n, err = w.Write([]byte("hello"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Equal(t, 1, n)
	w.owner, little.full = owner, true
	_, err = w.Write([]byte("hello"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// takesLittle takes a byte of each write before time runs out, none when it is
// full.
type takesLittle struct {
	net.Conn
	got  []byte
	full bool
}

func (l *takesLittle) SetWriteDeadline(time.Time) error { return nil }

func (l *takesLittle) Write(p []byte) (int, error) {
	if l.full {
		return 0, os.ErrDeadlineExceeded
	}
	l.got = append(l.got, p[0])
	if len(p) == 1 {
		return 1, nil
	}
	return 1, os.ErrDeadlineExceeded
}

// zeros is a source without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// backendErrors is the series of a backend's failures for that reason.
func (p *tester) backendErrors(reason string) string {
	return `proxy_backend_errors_total{pool="default",backend="` + p.backend("a").Addr + `",reason="` + reason + `"}`
}

// A backend that does not answer in time is 504, also when the body of the
// request took longer than that.
func TestResponseHeaderLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {response_header: 200ms}")
	c := p.connect()
	c.get("/")
	b := p.backend("a").Accept()
	b.Receive()
	trickle(t, b, "H")
	require.False(t, c.wantReject(504, "http_response_timeout").Close)
	p.wantMetric(p.backendErrors("http_response_timeout"), "1")

	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n")
	b = p.backend("a").Accept()
	b.Head()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 20 { // longer than response_header in all
		<-tick.C
		c.send("x")
	}
	require.Equal(t, strings.Repeat("x", 20), b.Bytes(20))
	c.wantReject(504, "http_response_timeout")
	p.wantMetric(p.backendErrors("http_response_timeout"), "2")
}

// A response whose backend goes silent in the middle breaks off.
func TestResponseBodyLimit(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {response_body: 100ms}")
	for n, head := range []string{"Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "\r\nhello"} {
		c := p.connect()
		c.get("/")
		b := p.backend("a").Accept()
		b.Receive()
		b.Send("HTTP/1.1 200 OK\r\n" + head)
		r, err := c.receive("GET")
		require.Error(t, err)
		require.Equal(t, "hello", r.body)
		c.wantEnd()
		p.wantMetric(p.backendErrors("http_response_incomplete"), fmt.Sprint(n+1))
	}
}

// A backend that takes nothing of a long request is given up.
func TestBackendTakesNothing(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {response_header: 100ms}")
	c := p.connect()
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		_, _ = io.Copy(c, io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n"), io.LimitReader(zeros{}, 1e9)))
	})
	p.backend("a").Accept().Head()
	require.True(t, c.wantReject(504, "connection_write_timeout").Close)
	_ = c.Close()
	p.wantMetric("proxy_requests_inflight", "0")
}
