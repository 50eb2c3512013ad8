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

	"github.com/ESousa97/goproxyreverso/engine/certs"
	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// ErrShutdownTimeout is returned by Serve when exchanges were still in progress
// at the end of timeouts.shutdown and were cut off.
var ErrShutdownTimeout = errors.New("engine: exchanges were cut off after timeouts.shutdown")

// Engine is the proxy: New, Listen, Serve, in this order, each once.
type Engine struct {
	// Path and Source say where the configuration comes from, for Reload and Plan.
	// They are set before Serve.
	Path   string
	Source config.Source

	// Open opens the socket of a listener. It is set before Listen, to something else
	// than OpenSocket when sockets may come from another process.
	Open func(config.Listener) (Socket, error)

	log      *slog.Logger
	snapshot atomic.Pointer[snapshot]
	counters stripes
	metrics  *exposition

	server    *fasthttp.Server
	accepting sync.WaitGroup // the listeners
	tickets   *certs.Tickets // of TLS sessions
	opening   openings
	failed    chan error // one of them failed
	conns     connSet
	parking   parking

	parkAfter time.Duration
	admin     *admin
	started   time.Time
	recent    recent
	changes   changes

	tunnels    atomic.Int64
	background sync.WaitGroup // what parking gives back, what a reload has removed

	changing sync.Mutex // held while the configuration changes, and when a stop begins
	stopped  bool       // it cannot change any more; guarded by changing
	reloads  reloads

	leaving  atomic.Bool   // a stop was ordered: no new clients should come
	draining atomic.Bool   // it stops: connections end after their exchange, idle ones at once
	ready    chan struct{} // closed when the first round of probes is over
	ticked   atomic.Int64  // when watch was last seen at work, as http1.Now

	handedOver atomic.Bool // another process serves on the same sockets
}

// New builds everything the configuration asks for, and neither listens nor
// sends anything. The configuration is one that config.Parse returned.
func New(c *config.Config, log *slog.Logger) (*Engine, error) {
	tickets, err := certs.NewTickets(nil)
	if err != nil {
		return nil, err
	}
	e := &Engine{tickets: tickets, log: log, counters: newStripes(), Open: OpenSocket, failed: make(chan error, 1), ready: make(chan struct{}), started: time.Now()}
	e.conns.init(maxConnections(c.Limits.MaxConnections))
	t := &transition{}
	snap, err := newSnapshot(c, e, t)
	if err != nil {
		t.undo()
		return nil, err
	}
	t.commit()
	e.snapshot.Store(snap)
	e.reloads.succeeded(time.Now())
	e.metrics = newExposition(e)
	e.admin = newAdmin(e, c)
	e.server = newServer(e)
	e.parkAfter = parkAfter
	return e, nil
}

// Listen opens the access log and the listeners. From then on clients can connect;
// they are served as soon as Serve runs.
func (e *Engine) Listen() error {
	snap := e.snapshot.Load()
	t := &transition{}
	err := snap.openLog(nil, t)
	if err == nil {
		err = snap.listen(e, nil, t)
	}
	if err == nil {
		err = e.parking.open(e)
		t.onUndo(e.parking.close)
	}
	if err == nil {
		err = e.admin.listen(snap.config)
	}
	if err != nil {
		t.undo()
	}
	return err
}

// Addr returns the address of the first listener, once Listen returned.
func (e *Engine) Addr() net.Addr { return e.snapshot.Load().listeners[0].Addr() }

// AdminAddr returns the address of the admin listener, nil when it is off.
func (e *Engine) AdminAddr() net.Addr { return e.admin.addr() }

// ReopenAccessLog opens the access log by its name again, for who has moved it away.
func (e *Engine) ReopenAccessLog() error { return e.snapshot.Load().log.Reopen() }

// Serve serves until ctx is done, and then stops in order: /readyz says so, service
// goes on for timeouts.shutdown_delay, no new connections, every exchange in
// progress is finished and its connection closed, for at most timeouts.shutdown.
// It returns nil when nothing was cut off, else ErrShutdownTimeout. Nothing it
// started is left when it returns.
func (e *Engine) Serve(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(e.admin.serve)
	e.changing.Lock()
	snap := e.snapshot.Load()
	for _, l := range snap.listeners {
		e.serve(l)
	}
	snap.start()
	e.changing.Unlock()
	running.Go(func() { e.becomeReady(ctx, snap) })
	running.Go(e.parking.run)
	watching, endWatch := context.WithCancel(context.Background())
	running.Go(func() { e.watch(watching) })
	e.log.Info("serving", "listen_addr", snap.addrs(), "admin_addr", e.admin.addrText(), "pools", len(snap.pools))

	var failed error
	select {
	case <-ctx.Done():
	case failed = <-e.failed:
	}
	err := e.stop(failed == nil)
	e.admin.close()
	endWatch()
	running.Wait()
	e.background.Wait()
	e.snapshot.Load().close()
	if failed != nil {
		return failed
	}
	return err
}

// serve accepts connections on a listener until it is drained.
func (e *Engine) serve(l *listener) {
	e.accepting.Go(func() {
		if err := e.server.Serve(l); err != nil {
			select {
			case e.failed <- fmt.Errorf("serve %s: %w", l.address, err):
			default: // that another failed is reason enough
			}
		}
	})
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
	close(e.ready)
}

// Ready returns a channel that is closed when every backend was probed once, while
// Serve runs.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Alive reports whether the process does what it should do every second.
func (e *Engine) Alive() bool { return http1.Now()-time.Duration(e.ticked.Load()) < 10*watchInterval }

// stop ends the service, in order unless something failed.
func (e *Engine) stop(inOrder bool) error {
	e.changing.Lock()
	e.stopped = true
	snap := e.snapshot.Load()
	e.changing.Unlock()
	e.leaving.Store(true)
	for _, l := range snap.listeners {
		l.closing.Store(true)
	}
	handedOver := e.handedOver.Load()
	if handedOver {
		e.admin.close() // its clients are for the new process
	}
	if delay := snap.timeouts.ShutdownDelay; delay > 0 && inOrder && !handedOver {
		e.log.Info("stopping soon", "delay", delay, "setting", "timeouts.shutdown_delay")
		time.Sleep(delay)
	}
	limit := snap.timeouts.Shutdown
	e.log.Info("stopping", "connections", e.conns.len(), "timeout", limit)
	e.draining.Store(true)
	for _, l := range snap.listeners {
		l.drain()
	}
	e.accepting.Wait()
	if handedOver {
		timer := time.AfterFunc(e.lastCallTime(), e.parking.close)
		defer timer.Stop()
	} else {
		e.parking.close()
	}
	e.conns.wake()
	inTime := e.conns.wait(limit)
	e.parking.close()
	if inTime {
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
	s := &fasthttp.Server{
		Concurrency:           maxWorkers,  // limits.max_connections is held by the listener
		MaxIdleWorkerDuration: time.Second, // a worker's stack is as large as its largest exchange
		Logger:                quietLogger{},
	}
	s.NextProto(protocol, func(nc net.Conn) error {
		nc.(*conn).serve()
		return nil
	})
	return s
}

const maxWorkers = 1 << 24

// quietLogger drops what the server would log about single connections: it is
// what clients provoke, and the exchange counts it.
type quietLogger struct{}

func (quietLogger) Printf(string, ...any) {}
