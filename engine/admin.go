package engine

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/pprofhandler"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// admin is the listener for operators: metrics, health, profiles.
type admin struct {
	engine   *Engine
	server   *fasthttp.Server
	listener net.Listener // nil: off
}

func newAdmin(e *Engine) *admin {
	a := &admin{engine: e}
	a.server = &fasthttp.Server{
		Handler:               a.handle,
		Name:                  "goproxyreverso",
		GetOnly:               true,
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          2 * time.Minute, // a CPU profile takes its time
		IdleTimeout:           90 * time.Second,
		MaxRequestBodySize:    1,
		SecureErrorLogMessage: true,
		Logger:                quietLogger{},
	}
	return a
}

func (a *admin) listen(addr string) (err error) {
	if addr == "" {
		return nil
	}
	socket, err := a.engine.Open(config.Listener{Addr: addr})
	a.listener = socket.Listener
	return err
}

func (a *admin) addr() net.Addr {
	if a.listener == nil {
		return nil
	}
	return a.listener.Addr()
}

func (a *admin) addrText() string {
	if a.listener == nil {
		return "off"
	}
	return a.listener.Addr().String()
}

// serve serves until close.
func (a *admin) serve() {
	if a.listener == nil {
		return
	}
	if err := a.server.Serve(a.listener); err != nil && !errors.Is(err, net.ErrClosed) {
		a.engine.log.Error("admin listener ended", "error", err)
	}
}

func (a *admin) close() {
	if a.listener == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), adminShutdown)
	defer cancel()
	if err := a.server.ShutdownWithContext(ctx); err != nil {
		a.engine.log.Warn("admin connections cut off", "error", err)
	}
	_ = a.listener.Close() // for a serve that has not begun yet
}

func (a *admin) handle(ctx *fasthttp.RequestCtx) {
	path := string(ctx.Path())
	switch path {
	case "/metrics":
		ctx.SetContentType(metricsType)
		a.engine.metrics.Expose(ctx)
	case "/healthz":
		ctx.SetBodyString("ok\n")
	case "/readyz":
		if why := a.engine.notReady(); why != "" {
			ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
			ctx.SetBodyString(why + "\n")
			return
		}
		ctx.SetBodyString("ready\n")
	default:
		if len(path) >= len(pprofPath) && path[:len(pprofPath)] == pprofPath {
			pprofhandler.PprofHandler(ctx)
			return
		}
		ctx.Error("not found: see /metrics /healthz /readyz /debug/pprof/\n", fasthttp.StatusNotFound)
	}
}

// adminShutdown is how long a stop waits for requests to the admin listener.
const adminShutdown = time.Second

const (
	metricsType = "text/plain; version=0.0.4; charset=utf-8"
	pprofPath   = "/debug/pprof/"
)

// notReady returns why the proxy should get no traffic, "" when it should.
func (e *Engine) notReady() string {
	if e.leaving.Load() {
		return "stopping"
	}
	select {
	case <-e.ready:
	default:
		return "the first round of probes is not over"
	}
	for _, p := range e.snapshot.Load().pools {
		if p.Eligible() == 0 {
			return "no eligible backend in pool " + p.Name
		}
	}
	return ""
}

func (e *Engine) isReady() bool { return e.notReady() == "" }
