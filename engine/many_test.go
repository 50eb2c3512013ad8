package engine

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// raiseFileLimit makes room for so many files, or skips the test.
func raiseFileLimit(t *testing.T, files uint64) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur >= files {
		return
	}
	limit.Cur = min(files, limit.Max)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur < files {
		t.Skipf("the process may open %d files, and this takes %d", limit.Cur, files)
	}
}

// Thousands of clients that are slow in every way there is cost little memory,
// take nothing from the others and are all cut off in the end.
func TestManySlowClients(t *testing.T) {
	many := 5000
	if raceEnabled || testing.Short() {
		many = 300
	}
	raiseFileLimit(t, uint64(3*many+2000))
	p := startProxy(t, `
backends: [{url: $a, max_conns: 65536}]
timeouts: {client_header: 2s, client_body: 2s, client_write: 2s, client_idle: 60s}
limits: {max_connections: 100000}`)
	p.backend("a").Serve(func(b *pooltest.Conn) {
		for {
			req, err := b.ReadRequest()
			if err != nil {
				return
			}
			answer := "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
			if req.URL.Path == "/large" {
				answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
			}
			if _, err := io.WriteString(b, answer); err != nil {
				return
			}
			if req.URL.Path == "/large" {
				_ = b.Conn.(*net.TCPConn).SetWriteBuffer(16 << 10) // the kernel's memory is not the proxy's
				_, _ = io.Copy(b, io.LimitReader(zeros{}, 1e9))
				return
			}
		}
	})
	before := heap()
	kinds := []string{
		"GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\nx",
		"GET /large HTTP/1.1\r\nHost: h\r\n\r\n",
	}
	for i := range many {
		kind := i % 2
		if i%10 == 0 {
			kind = 2
		}
		p.slowClient(kinds[kind])
	}
	honest := p.connect()
	require.NoError(t, honest.SetDeadline(time.Now().Add(5*patience)))
	for range 2000 {
		honest.get("/")
		honest.want(200, "x")
	}
	require.Less(t, (int64(heap())-int64(before))/int64(many), int64(96<<10), "bytes for each slow client, its backend's included")
	p.wantMetric("proxy_downstream_connections", "1")
	p.wantMetric("proxy_requests_inflight", "0")
	p.wantMetric(`proxy_backend_inflight{pool="default",backend="`+p.backend("a").Addr+`"}`, "0")
	honest.get("/")
	honest.want(200, "x")
}

// slowClient opens a connection with a small buffer, sends begin on it and reads
// nothing.
func (p *tester) slowClient(begin string) {
	p.t.Helper()
	d := net.Dialer{Timeout: patience, Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	c, err := d.Dial("tcp", p.Addr().String())
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = c.Close() })
	require.NoError(p.t, c.SetDeadline(time.Now().Add(5*patience)))
	_, err = io.WriteString(c, begin)
	require.NoError(p.t, err)
}
