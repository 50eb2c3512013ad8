package engine

import (
	"os"
	"sync/atomic"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// Status is what GET /status of the admin listener tells about the proxy. The
// names of its fields in JSON do not change; new ones may come.
type Status struct {
	Version  string           `json:"version"`
	PID      int              `json:"pid"`
	Started  time.Time        `json:"started"`
	Uptime   float64          `json:"uptime_seconds"`
	Ready    bool             `json:"ready"`
	NotReady string           `json:"not_ready"` // why; "" when it is ready
	Config   ConfigStatus     `json:"config"`
	Listen   []ListenerStatus `json:"listeners"`
	Clients  ClientsStatus    `json:"clients"`
	Limiter  *LimiterStatus   `json:"limiter"` // null: off
	Totals   TotalsStatus     `json:"totals"`
	Pools    []PoolStatus     `json:"pools"`
	Changes  []StateChange    `json:"changes"` // the last 64, the newest first
}

// ConfigStatus is about the configuration in use.
type ConfigStatus struct {
	Path     string    `json:"path"`
	Loaded   time.Time `json:"loaded"`
	ReloadOK bool      `json:"last_reload_ok"` // true before the first; false: the one before it is in use still
}

// ListenerStatus is a listener, by the name of its setting.
type ListenerStatus struct {
	Setting string `json:"setting"`
	Addr    string `json:"addr"`
}

// ClientsStatus counts connections of clients, and what they wait for.
type ClientsStatus struct {
	Connections    int    `json:"connections"`
	MaxConnections int    `json:"max_connections"`
	Parked         int    `json:"parked"` // idle and held without a goroutine
	Tunnels        int64  `json:"tunnels"`
	Inflight       uint64 `json:"inflight"`
}

// LimiterStatus counts the clients that the limiter tells apart.
type LimiterStatus struct {
	Clients    int `json:"clients"`
	MaxClients int `json:"max_clients"`
}

// TotalsStatus counts since the start of the process.
type TotalsStatus struct {
	Requests      uint64            `json:"requests"`
	Rejected      map[string]uint64 `json:"rejected"` // by the error type of RFC 9209, those that occurred
	ReceivedBytes uint64            `json:"received_bytes"`
	SentBytes     uint64            `json:"sent_bytes"`
	Panics        uint64            `json:"panics"`
}

// PoolStatus is a pool and its backends.
type PoolStatus struct {
	Name     string          `json:"name"`
	Strategy string          `json:"strategy"`
	Eligible int             `json:"eligible"` // backends that may be picked now
	Requests uint64          `json:"requests"`
	Retries  uint64          `json:"retries"`
	Recent   RecentStatus    `json:"recent"`
	Backends []BackendStatus `json:"backends"`
}

// BackendStatus is one backend.
type BackendStatus struct {
	Addr             string       `json:"addr"`
	State            string       `json:"state"`
	Since            time.Time    `json:"since"`   // it has been in this state
	Why              string       `json:"why"`     // the state changed last; "" when it never did
	Health           string       `json:"health"`  // what its probes say, also while it is draining
	Leaving          bool         `json:"leaving"` // it is not in the configuration any more
	Weight           int          `json:"weight"`
	ConfiguredWeight int          `json:"configured_weight"`
	Backup           bool         `json:"backup"`
	Inflight         int64        `json:"inflight"`
	Connections      int          `json:"connections"`
	Idle             int          `json:"idle_connections"`
	MaxConns         int          `json:"max_conns"`
	Requests         uint64       `json:"requests"`
	Errors           uint64       `json:"errors"`
	Recent           RecentStatus `json:"recent"`
}

// RecentStatus is about the last ten seconds.
type RecentStatus struct {
	PerSecond float64  `json:"requests_per_second"`
	P50       *float64 `json:"p50_seconds"` // null: there was no request
	P99       *float64 `json:"p99_seconds"`
}

// Status returns the state of the proxy. It may be called once Listen returned.
func (e *Engine) Status() Status {
	snap, now := e.snapshot.Load(), http1.Now()
	s := Status{
		Version:  Version(),
		PID:      os.Getpid(),
		Started:  e.started,
		Uptime:   time.Since(e.started).Seconds(),
		NotReady: e.notReady(),
		Config:   e.configStatus(),
		Clients: ClientsStatus{
			Connections:    e.conns.len(),
			MaxConnections: cap(e.conns.slots),
			Parked:         e.parking.len(),
			Tunnels:        e.tunnels.Load(),
		},
		Totals:  e.totals(),
		Changes: e.changes.newestFirst(),
	}
	s.Ready = s.NotReady == ""
	// Finished first: read later, it could overtake started.
	finished := e.counters.sum(func(c *counters) *atomic.Uint64 { return &c.finished })
	s.Totals.Requests = e.counters.sum(func(c *counters) *atomic.Uint64 { return &c.started })
	s.Clients.Inflight = s.Totals.Requests - finished
	if l := snap.limiter; l != nil {
		s.Limiter = &LimiterStatus{Clients: l.Clients(now), MaxClients: l.MaxClients()}
	}
	for i, l := range snap.listeners {
		s.Listen = append(s.Listen, ListenerStatus{snap.addrSetting(i), addrText(l.Addr())})
	}
	s.Listen = append(s.Listen, ListenerStatus{"admin_addr", e.admin.addrText()})
	for i, p := range snap.pools {
		s.Pools = append(s.Pools, e.poolStatus(p, snap.config.Pools[i].Strategy, now))
	}
	return s
}

func (e *Engine) configStatus() ConfigStatus {
	r := &e.reloads
	r.mu.Lock()
	defer r.mu.Unlock()
	return ConfigStatus{Path: e.Path, Loaded: r.at, ReloadOK: r.ok}
}

func (e *Engine) totals() TotalsStatus {
	t := TotalsStatus{
		Rejected:      make(map[string]uint64),
		ReceivedBytes: e.counters.sum(func(c *counters) *atomic.Uint64 { return &c.received }),
		SentBytes:     e.counters.sum(func(c *counters) *atomic.Uint64 { return &c.sent }),
		Panics:        e.counters.sum(func(c *counters) *atomic.Uint64 { return &c.panics }),
	}
	for r := range reasons {
		if n := e.counters.sum(func(c *counters) *atomic.Uint64 { return &c.rejected[r] }); n > 0 {
			t.Rejected[reasonNames[r]] = n
		}
	}
	return t
}

func (e *Engine) poolStatus(p *servicePool, strategy string, now time.Duration) PoolStatus {
	s := PoolStatus{
		Name:     p.Name,
		Strategy: strategy,
		Eligible: p.Eligible(),
		Requests: p.tally.requests(),
		Retries:  p.tally.sum(func(t *tallyStripe) *atomic.Uint64 { return &t.retries }),
		Recent:   e.recentStatus(p.tally, now),
	}
	for _, b := range p.All() {
		s.Backends = append(s.Backends, e.backendStatus(b, now))
	}
	return s
}

func (e *Engine) backendStatus(b *pool.Backend, now time.Duration) BackendStatus {
	is, t := b.Status(), countersOf(b).tally
	s := BackendStatus{
		Addr:             is.Addr,
		State:            is.State.String(),
		Since:            is.Since,
		Why:              is.Why,
		Health:           is.Health.String(),
		Leaving:          is.Leaving,
		Weight:           is.Weight,
		ConfiguredWeight: is.Configured,
		Backup:           is.Backup,
		Inflight:         is.Inflight,
		Connections:      is.Connections,
		Idle:             is.Idle,
		MaxConns:         is.MaxConns,
		Requests:         t.requests(),
		Recent:           e.recentStatus(t, now),
	}
	for r := range reasons {
		s.Errors += t.sum(func(s *tallyStripe) *atomic.Uint64 { return &s.errors[r] })
	}
	return s
}

func (e *Engine) recentStatus(t tally, now time.Duration) RecentStatus {
	h, span := e.recent.since(t, now)
	n := h.total()
	if n == 0 || span <= 0 {
		return RecentStatus{}
	}
	p50, p99 := h.quantile(0.50).Seconds(), h.quantile(0.99).Seconds()
	return RecentStatus{PerSecond: float64(n) / span.Seconds(), P50: &p50, P99: &p99}
}
