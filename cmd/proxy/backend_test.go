package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
)

// backend is a server of this process. It counts what it gets.
type backend struct {
	addr     string
	requests atomic.Int64
	inflight atomic.Int64
}

// startBackend starts a backend that answers with answer until the test ends.
func startBackend(t *testing.T, answer fasthttp.RequestHandler) *backend {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &backend{addr: ln.Addr().String()}
	s := &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			b.requests.Add(1)
			b.inflight.Add(1)
			defer b.inflight.Add(-1)
			answer(ctx)
		},
		StreamRequestBody: true,
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() {
		_ = ln.Close()
		require.NoError(t, <-ended)
	})
	return b
}

func ok(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("ok\n") }

// slow answers after d.
func slow(d time.Duration) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		<-time.After(d)
		ok(ctx)
	}
}

// gate is an answer that waits: each request goes on when the test opens it.
type gate struct {
	entered chan struct{} // one for each request that waits
	opened  chan struct{}
}

func newGate(t *testing.T) *gate {
	g := &gate{entered: make(chan struct{}, 64), opened: make(chan struct{})}
	t.Cleanup(g.open)
	return g
}

func (g *gate) answer(ctx *fasthttp.RequestCtx) {
	g.entered <- struct{}{}
	<-g.opened
	ok(ctx)
}

// open lets all requests go on, those to come too.
func (g *gate) open() {
	select {
	case <-g.opened:
	default:
		close(g.opened)
	}
}

// backendAddr is the variable with the address of a backend in a process of its
// own.
const backendAddr = "GOPROXYREVERSO_TEST_ADDR"

// startBackendProcess runs a backend that can be killed. It answers with its
// address.
func startBackendProcess(t *testing.T, addr string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"=backend", backendAddr+"="+addr)
	p := start(t, cmd)
	p.waitLog("listening")
	return p
}

// serveBackend is the other side of startBackendProcess.
func serveBackend(addr string) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "listening")
	_ = fasthttp.Serve(ln, func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(addr) })
	os.Exit(1)
}

// freeAddr returns an address that nobody listens on. It is none of 127.0.0.1, on
// which the system takes ports for others.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.77:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}
