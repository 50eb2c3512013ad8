package pool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// BenchmarkPick measures one pick among n equal idle backends.
func BenchmarkPick(b *testing.B) {
	for _, strategy := range []string{"round_robin", "least_conn"} {
		for _, n := range []int{2, 32, 256, 1024} {
			p := weighted(strategy, ones(n)...)
			b.Run(fmt.Sprintf("%s/%d/serial", strategy, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.Pick(nil)
				}
			})
			b.Run(fmt.Sprintf("%s/%d/parallel", strategy, n), func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						p.Pick(nil)
					}
				})
			})
		}
	}
}

// BenchmarkPickBusy measures the longest search of least_conn: half the backends
// are equal and idle, the others are not.
func BenchmarkPickBusy(b *testing.B) {
	for _, n := range []int{2, 32, 256, 1024} {
		p := weighted("least_conn", ones(n)...)
		for _, backend := range p.Backends()[:n/2] {
			backend.Begin()
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Pick(nil)
			}
		})
	}
}

// BenchmarkRebuild measures what a change of state costs a pool of n backends.
func BenchmarkRebuild(b *testing.B) {
	for _, strategy := range []string{"round_robin", "least_conn"} {
		for _, n := range []int{4, 64, 1024} {
			p := weighted(strategy, ones(n)...)
			b.Run(fmt.Sprintf("%s/%d", strategy, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.rebuild()
				}
			})
		}
	}
	p := weighted("round_robin", maxSchedule-3, 1, 1, 1)
	b.Run("round_robin/longest", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.rebuild()
		}
	})
}

// BenchmarkRoundTrip measures one exchange over loopback, connection there and
// back included. The backend does as little as a backend can.
func BenchmarkRoundTrip(b *testing.B) {
	backend := single(b, rawBackend(b, "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\nhello"), patient())
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			roundTrip(b, backend)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				roundTrip(b, backend)
			}
		})
	})
}

var getBytes = []byte(get)

// roundTrip makes one whole exchange. It does not use require, which allocates.
func roundTrip(t testing.TB, b *Backend) {
	c, err := b.Connect(false)
	if err != nil {
		t.Error(err)
		return
	}
	now := http1.Now()
	if err := errors.Join(c.Send(now, getBytes), c.Receive(now, false)); err != nil {
		t.Error(err)
	}
	for !c.Body.Done() {
		if _, err := c.Next(now); err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
			break
		}
	}
	c.Release(true)
}

// rawBackend is a backend that answers every request with response and does not
// allocate: testing.AllocsPerRun counts what the whole process does. It returns
// its address.
func rawBackend(t testing.TB, response string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
	answer := []byte(response)
	serving.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { answerAll(nc, answer) })
		}
	})
	return ln.Addr().String()
}

// answerAll answers until the other end closes. A request has no body and comes
// in one piece or several.
func answerAll(nc net.Conn, answer []byte) {
	defer func() { _ = nc.Close() }()
	buf, n := make([]byte, 4096), 0
	for {
		m, err := nc.Read(buf[n:])
		if err != nil {
			return
		}
		if n += m; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
			continue
		}
		n = 0
		if _, err := nc.Write(answer); err != nil {
			return
		}
	}
}
