package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// soakTime is how long TestSoak loads the proxy: a moment among all tests, ten
// minutes for "make soak".
func soakTime(t *testing.T) time.Duration {
	if text := os.Getenv("SOAK"); text != "" {
		d, err := time.ParseDuration(text)
		require.NoError(t, err)
		return d
	}
	return 2 * time.Second
}

// Under full load with backends that come and go, no request gets an error that
// no backend caused, and nothing grows: no memory, no goroutine, no descriptor.
func TestSoak(t *testing.T) {
	duration := soakTime(t)
	p := startProxy(t, `
backends: [$a, $b, $c]
health_check: {interval: 200ms, timeout: 100ms, rise: 1, fall: 1}
retries: {budget: 1}
timeouts: {client_idle: 1h}`)
	p.parkAfter = 50 * time.Millisecond
	for _, b := range p.backends {
		b.Serve(answerAll)
	}
	s := &soak{p: p, stop: make(chan struct{})}
	for i := range 12 {
		s.clients.Go(func() { s.client(i) })
	}
	s.clients.Go(s.flap)

	var early, late usage
	for i, at := range []time.Duration{duration / 5, duration} {
		progress(t, at, duration, s)
		u := measure()
		if i == 0 {
			early = u
		}
		late = u
	}
	close(s.stop)
	s.clients.Wait()
	t.Logf("%d requests, %d failed by a backend's end; %v, then %v", s.requests.Load(), s.excused.Load(), early, late)
	require.Empty(t, s.wrong.Load(), "an error that no backend caused")
	require.Positive(t, s.requests.Load())
	require.Less(t, late.heap, 2*early.heap+(8<<20), "bytes of heap")
	require.Less(t, late.goroutines, 2*early.goroutines+50, "goroutines")
	require.Less(t, late.files, 2*early.files+50, "descriptors")
}

// soak is a load and what came of it.
type soak struct {
	p        *tester
	stop     chan struct{}
	clients  sync.WaitGroup
	requests atomic.Int64
	excused  atomic.Int64 // errors that a backend caused
	wrong    atomic.Value // the first other error
}

// answerAll answers with as many bytes as the path says, or with what came.
func answerAll(c *pooltest.Conn) {
	for {
		req, err := c.ReadRequest()
		if err != nil {
			return
		}
		body := req.Content
		var n int
		if _, err := fmt.Sscanf(req.URL.Path, "/%d", &n); err == nil {
			body = string(make([]byte, n))
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			return
		}
	}
}

// client sends requests of all kinds until the soak stops.
func (s *soak) client(kind int) {
	var conn net.Conn
	var r *bufio.Reader
	for n := 0; ; n++ {
		select {
		case <-s.stop:
			if conn != nil {
				_ = conn.Close()
			}
			return
		default:
		}
		if conn == nil {
			var err error
			if conn, err = net.Dial("tcp", s.p.Addr().String()); err != nil {
				s.wrong.CompareAndSwap(nil, err.Error())
				return
			}
			r = bufio.NewReader(conn)
		}
		again, err := s.exchange(conn, r, kind, n)
		s.requests.Add(1)
		if err != nil {
			s.wrong.CompareAndSwap(nil, err.Error())
		}
		if !again || n%50 == 49 {
			_ = conn.Close()
			conn = nil
		}
		if kind%4 == 3 {
			time.Sleep(time.Duration(n%3) * 40 * time.Millisecond) // some idle long enough to be parked
		}
	}
}

// exchange sends one request and reads its response.
func (s *soak) exchange(conn net.Conn, r *bufio.Reader, kind, n int) (again bool, err error) {
	request := []string{
		"GET /100 HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /200000 HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
		"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	}[(kind+n)%4]
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		return false, nil // the proxy had closed it behind a response that broke off
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, fmt.Errorf("no response: %w", err)
	}
	_, bodyErr := io.Copy(io.Discard, resp.Body)
	switch {
	case bodyErr != nil, resp.StatusCode == 502, resp.StatusCode == 503:
		s.excused.Add(1) // a backend ended in the middle, or all were down for a moment
		return bodyErr == nil && !resp.Close, nil
	case resp.StatusCode != 200:
		return false, fmt.Errorf("status %d", resp.StatusCode)
	}
	return !resp.Close, nil
}

// flap ends one backend after the other and starts it again on the same address.
func (s *soak) flap() {
	for i := 0; ; i++ {
		b := s.p.backend(string("ab"[i%2])) // c stays
		for _, act := range []func(){b.Close, func() {
			b.Reopen()
			b.Serve(answerAll)
		}} {
			select {
			case <-s.stop:
				return
			case <-time.After(300 * time.Millisecond):
				act()
			}
		}
	}
}

// progress waits until that much of the duration is over, and says how it goes
// when that takes long.
func progress(t *testing.T, until, duration time.Duration, s *soak) {
	started := time.Now()
	for rest := until; rest > 0; rest = until - time.Since(started) {
		time.Sleep(min(rest, 10*time.Second))
		if duration > time.Minute {
			t.Logf("%d requests so far", s.requests.Load())
		}
	}
}

// usage is what must not grow.
type usage struct {
	heap              uint64
	goroutines, files int
}

func measure() usage {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return usage{heap: m.HeapAlloc, goroutines: runtime.NumGoroutine(), files: len(files)}
}
