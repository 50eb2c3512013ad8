package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// ErrShutdownTimeout is returned by Serve when exchanges were still in progress
// at the end of timeouts.shutdown and were cut off.
var ErrShutdownTimeout = errors.New("engine: exchanges were cut off after timeouts.shutdown")

// Engine is the proxy: New, Listen, Serve, in this order, each once.
type Engine struct {
	log      *slog.Logger
	snapshot atomic.Pointer[snapshot]
	counters stripes
	metrics  *exposition

	listener *listener
	server   *fasthttp.Server
	conns    connSet
	parking  parking

	parkAfter time.Duration
	admin     *admin

	tunnels    atomic.Int64
	background sync.WaitGroup // what parking gives back

	draining atomic.Bool // it stops: connections end after their exchange
	ready    atomic.Bool // the listener is open and the first round of probes is over
}

// New builds everything the configuration asks for, and neither listens nor
// sends anything. The configuration is one that config.Parse returned.
func New(c *config.Config, log *slog.Logger) (*Engine, error) {
	e := &Engine{log: log, counters: newStripes()}
	e.conns.init()
	snap, err := newSnapshot(c, e)
	if err != nil {
		return nil, err
	}
	e.snapshot.Store(snap)
	e.metrics = newExposition(e)
	e.admin = newAdmin(e)
	e.server = newServer(e)
	e.parkAfter = parkAfter
	return e, nil
}

// Listen opens the listeners. From then on clients can connect; they are served
// as soon as Serve runs.
func (e *Engine) Listen() error {
	c := e.snapshot.Load().config
	ln, err := net.Listen("tcp", c.ListenAddr)
	if err != nil {
		return fmt.Errorf("listen_addr: %w", err)
	}
	if err := e.admin.listen(c.AdminAddr); err != nil {
		_ = ln.Close()
		return fmt.Errorf("admin_addr: %w", err)
	}
	if err := e.parking.open(e); err != nil {
		_ = ln.Close()
		e.admin.close()
		return err
	}
	e.listener = newListener(e, ln, maxConnections(c.Limits.MaxConnections))
	return nil
}

// Addr returns the address the proxy listens on, once Listen returned.
func (e *Engine) Addr() net.Addr { return e.listener.Addr() }

// AdminAddr returns the address of the admin listener, nil when it is off.
func (e *Engine) AdminAddr() net.Addr { return e.admin.addr() }

// Serve serves until ctx is done, and then stops in order: no new connections,
// every exchange in progress is finished and its connection closed, for at most
// timeouts.shutdown. It returns nil when nothing was cut off, else
// ErrShutdownTimeout. Nothing it started is left when it returns.
func (e *Engine) Serve(ctx context.Context) error {
	snap := e.snapshot.Load()
	var running sync.WaitGroup
	running.Go(e.admin.serve)
	var served error
	failed := make(chan struct{})
	running.Go(func() {
		if served = e.server.Serve(e.listener); served != nil {
			close(failed)
		}
	})
	snap.start()
	running.Go(func() { e.becomeReady(ctx, snap) })
	running.Go(e.parking.run)
	watching, endWatch := context.WithCancel(context.Background())
	running.Go(func() { e.watch(watching) })
	e.log.Info("serving", "listen_addr", e.Addr().String(), "admin_addr", e.admin.addrText(), "pools", len(snap.pools))

	select {
	case <-ctx.Done():
	case <-failed:
	}
	err := e.stop(snap.timeouts.Shutdown)
	e.admin.close()
	endWatch()
	running.Wait()
	e.background.Wait()
	snap.close()
	if served != nil {
		return fmt.Errorf("serve %s: %w", e.Addr(), served)
	}
	return err
}

// becomeReady waits until every backend was probed once.
func (e *Engine) becomeReady(ctx context.Context, snap *snapshot) {
	for _, p := range snap.pools {
		select {
		case <-p.Probed():
		case <-ctx.Done():
			return
		}
	}
	e.ready.Store(true)
}

// stop ends the service within limit.
func (e *Engine) stop(limit time.Duration) error {
	e.log.Info("stopping", "connections", e.conns.len(), "timeout", limit)
	e.draining.Store(true)
	e.listener.drain()
	e.parking.close()
	e.conns.wake()
	if e.conns.wait(limit) {
		e.log.Info("stopped")
		return nil
	}
	e.log.Warn("connections cut off", "connections", e.conns.len(), "setting", "timeouts.shutdown")
	e.conns.closeAll()
	e.conns.wait(0)
	return ErrShutdownTimeout
}

// newServer returns the fasthttp server that carries the connections. All time
// limits are conn's; all bytes that count are the exchange's.
func newServer(e *Engine) *fasthttp.Server {
	return &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.Conn().(*conn).serve()
			ctx.SetConnectionClose()
		},
		Concurrency:           maxWorkers,  // limits.max_connections is held by the listener
		MaxIdleWorkerDuration: time.Second, // a worker's stack is as large as its largest exchange
		ReadBufferSize:        2 * len(standIn),
		WriteBufferSize:       128,
		NoDefaultServerHeader: true,
		NoDefaultDate:         true,
		NoDefaultContentType:  true,
		LazyRequestTime:       true,
		Logger:                quietLogger{},
	}
}

const maxWorkers = 1 << 24

// quietLogger drops what the server would log about single connections: it is
// what clients provoke, and the exchange counts it.
type quietLogger struct{}

func (quietLogger) Printf(string, ...any) {}
