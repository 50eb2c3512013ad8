package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// admin is the listener for operators: metrics, health, status, profiles. It is
// served by net/http: nothing on it is in a hurry, and there the methods of a
// path, bounds of time and an orderly end come with the server.
type admin struct {
	engine   *Engine
	server   *http.Server
	listener *Socket      // nil: off
	open     atomic.Int64 // connections
}

func newAdmin(e *Engine, c *config.Config) *admin {
	a := &admin{engine: e}
	g := &guard{engine: e, first: c.AdminToken, local: config.IsLoopback(c.AdminAddr)}
	a.server = &http.Server{
		Handler:           g.protect(a.handlers()),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute, // a CPU profile takes its time
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ConnState:         a.count,
		ErrorLog:          slog.NewLogLogger(e.log.Handler(), slog.LevelError),
	}
	return a
}

// handlers returns what is served where. What changes anything is a POST.
func (a *admin) handlers() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", metricsType)
		a.engine.metrics.Expose(w)
	})
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	m.HandleFunc("GET /readyz", a.readyz)
	m.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, a.engine.Status()) })
	a.addActions(m)
	// Not among the profiles: the command line, which may hold --set admin_token.
	m.HandleFunc("GET /debug/pprof/", unhurried(pprof.Index))
	m.HandleFunc("GET /debug/pprof/profile", unhurried(pprof.Profile))
	m.HandleFunc("GET /debug/pprof/symbol", unhurried(pprof.Symbol))
	m.HandleFunc("GET /debug/pprof/trace", unhurried(pprof.Trace))
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "see /metrics /healthz /readyz /status /debug/pprof/\n")
	})
	return m
}

func (a *admin) readyz(w http.ResponseWriter, _ *http.Request) {
	if why := a.engine.notReady(); why != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, why+"\n")
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}

// unhurried lets a handler take longer than the request may: the server would
// take a time limit of reading that runs out for a client that has left.
func unhurried(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		serve(w, r)
	}
}

// adminConns is how many connections to the admin listener there may be. More
// are closed at once.
const adminConns = 64

// count counts the connections.
func (a *admin) count(c net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		if a.open.Add(1) > adminConns {
			_ = c.Close()
		}
	case http.StateClosed, http.StateHijacked:
		a.open.Add(-1)
	}
}

// listen opens the listener, unless admin_addr turns it off.
func (a *admin) listen(c *config.Config) error {
	if c.AdminAddr == "" {
		return nil
	}
	socket, err := a.engine.openSocket(config.Listener{Addr: c.AdminAddr, SocketMode: c.AdminMode})
	if err != nil {
		return fmt.Errorf("admin_addr: %w", err)
	}
	a.listener = &socket
	return nil
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
	return addrText(a.listener.Addr())
}

// serve serves until close.
func (a *admin) serve() {
	if a.listener == nil {
		return
	}
	if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		a.engine.log.Error("admin listener ended", "error", err)
	}
}

// adminShutdown is how long a stop waits for requests to the admin listener.
const adminShutdown = time.Second

func (a *admin) close() {
	if a.listener == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), adminShutdown)
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		a.engine.log.Warn("admin connections cut off", "error", err)
		_ = a.server.Close()
	}
	_ = a.listener.Close() // for a serve that has not begun yet
}

const metricsType = "text/plain; version=0.0.4; charset=utf-8"

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
