package main

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
)

// theirs are goroutines of fasthttp that no stop ends.
var theirs = []goleak.Option{
	// fasthttp writes the Date field from one goroutine for the whole process.
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	// It closes unused connections to a backend; once there is none, it goes
	// within timeouts.backend_idle.
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
	// It ends idle workers; it goes with the next of its rounds.
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
}

// An engine that was stopped leaves no goroutine behind.
func TestNothingIsLeft(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, append(theirs, before)...) }) // the last of all
	b := startBackend(t, ok)
	c, err := config.Parse(config.Source{
		Data: []byte(`
listen_addr: "127.0.0.1:0"
admin_addr: "127.0.0.1:0"
backends: [http://` + b.addr + `]
health_check: {interval: 10ms}
`),
		Strategies: pool.Strategies(),
	})
	require.NoError(t, err)
	e, err := engine.New(c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.NoError(t, err)
	require.NoError(t, e.Listen())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Serve(ctx) }()

	p := &tester{t: t, addr: e.Addr().String(), admin: e.AdminAddr().String()}
	waitFor(t, "ready", func() bool { return p.ready() == 200 })
	for range 4 {
		got, err := p.connect("127.0.0.1").get("/")
		require.NoError(t, err)
		require.Equal(t, 200, got.StatusCode)
	}
	cancel()
	require.NoError(t, <-ended)
}
