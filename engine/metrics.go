package engine

import (
	"bufio"
	"io"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// stateCounters count the changes of a backend to each state.
type stateCounters [len(states)]atomic.Uint64

var states = [...]pool.State{pool.Up, pool.Down, pool.Draining, pool.Unprobed}

// exposition writes all metrics in the text format of Prometheus.
type exposition struct {
	set    *metrics.Set
	engine *Engine
}

// newExposition registers the families of the proxy. They are written from
// counters of the engine's own, which the requests of a connection share with
// no other CPU.
func newExposition(e *Engine) *exposition {
	x := &exposition{set: metrics.NewSet(), engine: e}
	x.set.RegisterMetricsWriter(x.write)
	return x
}

// Expose writes the metrics of the proxy, of the process and of the Go runtime.
func (x *exposition) Expose(w io.Writer) {
	x.set.WritePrometheus(w)
	writeProcess(w)
}

// write writes the families of the proxy. All series are there from the first
// scrape on; no label comes from a client.
func (x *exposition) write(w io.Writer) {
	e, snap := x.engine, x.engine.snapshot.Load()
	f := &families{w: bufio.NewWriter(w)}
	defer f.w.Flush()

	f.begin("proxy_build_info", "gauge", "Always 1; the labels tell what was built.")
	f.value(labels("version", Version(), "go_version", runtime.Version()), 1)
	x.writeClients(f)
	x.writeTLS(f, snap)
	x.writeProxyHeaders(f)
	x.writePools(f, snap)
	x.writeBackends(f, snap)
	x.writeLimiter(f, snap)
	x.writeLimits(f, snap)
	writeAccessLog(f, snap.log)

	x.writeReloads(f)
	f.single("proxy_ready", "gauge", "Whether /readyz answers 200.", oneIf(e.isReady()))
}

func oneIf(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

// writeClients writes what is counted towards the clients.
func (x *exposition) writeClients(f *families) {
	s := &x.engine.counters
	// Finished first: read later, it could overtake started.
	finished := s.sum(func(c *counters) *atomic.Uint64 { return &c.finished })
	started := s.sum(func(c *counters) *atomic.Uint64 { return &c.started })
	f.single("proxy_requests_inflight", "gauge", "Requests whose last byte is not out yet.", started-finished)
	f.single("proxy_downstream_connections", "gauge", "Open connections of clients.", uint64(x.engine.conns.len()))
	f.single("proxy_parked_connections", "gauge", "Those of them that are idle and parked.", uint64(x.engine.parking.len()))
	f.single("proxy_tunnels", "gauge", "Upgraded connections.", uint64(x.engine.tunnels.Load()))
	f.single("proxy_received_bytes_total", "counter", "Bytes received from clients.",
		s.sum(func(c *counters) *atomic.Uint64 { return &c.received }))
	f.single("proxy_sent_bytes_total", "counter", "Bytes sent to clients.",
		s.sum(func(c *counters) *atomic.Uint64 { return &c.sent }))
	f.single("proxy_panics_total", "counter", "Panics that were caught; each is in the log with its stack.",
		s.sum(func(c *counters) *atomic.Uint64 { return &c.panics }))
	f.begin("proxy_rejected_requests_total", "counter", "Requests answered without a backend's response, by the error type of RFC 9209.")
	for r := range reasons {
		f.value(labels("reason", reasonNames[r]), s.sum(func(c *counters) *atomic.Uint64 { return &c.rejected[r] }))
	}
}

// writeProxyHeaders writes what is counted of the PROXY headers of trusted peers.
func (x *exposition) writeProxyHeaders(f *families) {
	f.begin("proxy_proxy_header_errors_total", "counter", "Connections of trusted peers that did not begin with a PROXY header as they should, by why.")
	for r := range proxyReasons {
		f.value(labels("reason", proxyReasonNames[r]), x.engine.opening.proxyErrors[r].Load())
	}
}

// writeTLS writes what is counted of TLS towards the clients.
func (x *exposition) writeTLS(f *families, snap *snapshot) {
	o := &x.engine.opening
	f.begin("proxy_tls_handshakes_total", "counter", "TLS handshakes with clients, by version and by whether they resumed a session.")
	for v := range tlsVersions {
		for r := range resumptions {
			f.value(labels("version", tlsVersions[v], "resumed", resumptions[r]), o.handshakes[v][r].Load())
		}
	}
	f.begin("proxy_tls_handshake_errors_total", "counter", "TLS handshakes with clients that failed, by why.")
	for r := range handshakeFailures {
		f.value(labels("reason", handshakeReasons[r]), o.handshakeErrors[r].Load())
	}
	f.begin("proxy_tls_certificate_expiry_timestamp_seconds", "gauge", "When a certificate that is in use expires.")
	written := make(map[string]bool)
	for _, l := range snap.listeners {
		store := l.settings.Load().store
		if store == nil {
			continue
		}
		for _, leaf := range store.Leaves() {
			if !written[leaf.File] {
				f.value(labels("file", leaf.File), uint64(max(0, leaf.NotAfter.Unix())))
			}
			written[leaf.File] = true
		}
	}
}

// writePools writes what is counted for each pool.
func (x *exposition) writePools(f *families, snap *snapshot) {
	f.begin("proxy_requests_total", "counter", "Requests routed to a pool, by the class of the status the client got.")
	for _, p := range snap.pools {
		f.codes(p.tally, "pool", p.Name)
	}
	f.begin("proxy_request_duration_seconds", "histogram", "Time from a whole request head to the last byte of the response.")
	for _, p := range snap.pools {
		f.histogram(p.tally, "pool", p.Name)
	}
	f.begin("proxy_retries_total", "counter", "Requests sent again after a failed attempt.")
	for _, p := range snap.pools {
		f.value(labels("pool", p.Name), p.tally.sum(func(t *tallyStripe) *atomic.Uint64 { return &t.retries }))
	}
	f.begin("proxy_pool_backends", "gauge", "Backends of a pool.")
	for _, p := range snap.pools {
		f.value(labels("pool", p.Name), uint64(len(p.Backends())))
	}
	f.begin("proxy_pool_eligible_backends", "gauge", "Backends of a pool that may be picked now.")
	for _, p := range snap.pools {
		f.value(labels("pool", p.Name), uint64(p.Eligible()))
	}
}

// writeBackends writes what is counted for each backend.
func (x *exposition) writeBackends(f *families, snap *snapshot) {
	each := func(name, kind, help string, write func(p *servicePool, b *pool.Backend)) {
		f.begin(name, kind, help)
		for _, p := range snap.pools {
			for _, b := range p.All() {
				write(p, b)
			}
		}
	}
	gauge := func(name, help string, value func(b *pool.Backend) uint64) {
		each(name, "gauge", help, func(p *servicePool, b *pool.Backend) {
			f.value(labels("pool", p.Name, "backend", b.Addr), value(b))
		})
	}
	each("proxy_backend_requests_total", "counter", "Responses of a backend, by the class of their status.",
		func(p *servicePool, b *pool.Backend) {
			f.codes(countersOf(b).tally, "pool", p.Name, "backend", b.Addr)
		})
	each("proxy_backend_errors_total", "counter", "Failed attempts and broken responses of a backend, by the error type of RFC 9209.",
		func(p *servicePool, b *pool.Backend) {
			for r := range reasons {
				n := countersOf(b).tally.sum(func(t *tallyStripe) *atomic.Uint64 { return &t.errors[r] })
				f.value(labels("pool", p.Name, "backend", b.Addr, "reason", reasonNames[r]), n)
			}
		})
	each("proxy_backend_duration_seconds", "histogram", "Time from the beginning of an attempt to the last byte of the response.",
		func(p *servicePool, b *pool.Backend) {
			f.histogram(countersOf(b).tally, "pool", p.Name, "backend", b.Addr)
		})
	each("proxy_backend_state_changes_total", "counter", "Changes of a backend to a state.",
		func(p *servicePool, b *pool.Backend) {
			for _, s := range states {
				f.value(labels("pool", p.Name, "backend", b.Addr, "state", s.String()), countersOf(b).changes[s].Load())
			}
		})
	gauge("proxy_backend_up", "Whether a backend is up, also while it is draining.",
		func(b *pool.Backend) uint64 { return oneIf(b.Status().Health == pool.Up) })
	gauge("proxy_backend_draining", "Whether a backend gets no new requests: drained, or removed by a reload.",
		func(b *pool.Backend) uint64 { return oneIf(b.State() == pool.Draining) })
	gauge("proxy_backend_inflight", "Requests a backend has not answered to the last byte yet.",
		func(b *pool.Backend) uint64 { return uint64(b.Inflight()) })
	gauge("proxy_backend_connections", "Open connections to a backend.",
		func(b *pool.Backend) uint64 { return uint64(b.Connections()) })
	gauge("proxy_backend_connections_limit", "The most connections to a backend, max_conns.",
		func(b *pool.Backend) uint64 { return uint64(b.MaxConns()) })
}

func (x *exposition) writeLimiter(f *families, snap *snapshot) {
	clients, limit := 0, 0
	if l := snap.limiter; l != nil {
		clients, limit = l.Clients(http1.Now()), l.MaxClients()
	}
	f.single("proxy_limiter_clients", "gauge", "Client addresses with requests to their account.", uint64(clients))
	f.single("proxy_limiter_clients_limit", "gauge", "The most of them that are told apart, rate_limit.max_clients.", uint64(limit))
}

// writeReloads writes how reloading went.
func (x *exposition) writeReloads(f *families) {
	r := &x.engine.reloads
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := uint64(0)
	if r.ok {
		ok = 1
	}
	f.single("proxy_config_last_reload_successful", "gauge", "Whether the last reload went well; 1 before the first.", ok)
	f.single("proxy_config_last_reload_success_timestamp_seconds", "gauge", "When a configuration was put to use last.", uint64(r.at.Unix()))
	f.begin("proxy_config_reloads_total", "counter", "Reloads, by their result.")
	f.value(labels("result", "success"), r.good)
	f.value(labels("result", "failure"), r.bad)
}

func writeAccessLog(f *families, l *accesslog.Log) {
	f.single("proxy_access_log_lines_total", "counter", "Lines written to the access log.", l.Lines())
	f.begin("proxy_access_log_dropped_total", "counter", "Lines dropped because the access log could not be written as fast.")
	for _, d := range accesslog.Drops() {
		f.value(labels("reason", d.String()), l.Dropped(d))
	}
}

// writeLimits writes the limits of the configuration beside what they limit.
func (x *exposition) writeLimits(f *families, snap *snapshot) {
	f.single("proxy_downstream_connections_limit", "gauge", "The most open connections of clients.", uint64(cap(x.engine.conns.slots)))
	f.single("proxy_header_bytes_limit", "gauge", "The most bytes of a head, limits.max_header_bytes.", uint64(snap.headLimits.Bytes))
	f.single("proxy_fields_limit", "gauge", "The most fields of a head, limits.max_fields.", uint64(snap.headLimits.Fields))
	f.single("proxy_target_bytes_limit", "gauge", "The most bytes of a request target, limits.max_target_bytes.", uint64(snap.headLimits.Target))
	f.single("proxy_body_bytes_limit", "gauge", "The most bytes of a request body, limits.max_body_bytes; 0: no limit.", uint64(snap.maxBody))
}

// Version returns the version of the module the program was built from.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
