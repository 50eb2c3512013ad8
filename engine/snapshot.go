package engine

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/limiter"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// snapshot is a compiled configuration. It is immutable; an exchange loads it
// once and finds everything by pointers.
type snapshot struct {
	config   *config.Config
	timeouts config.Timeouts
	maxHead  int

	headLimits http1.Limits
	maxBody    int64

	metricsPath string
	trusted     []netip.Prefix
	limiter     *limiter.Limiter // nil: off
	limitFields []byte           // the RateLimit-Policy field of those who are limited
	routes      routes
	pools       []*servicePool
}

// servicePool is a pool with what the engine keeps about it.
type servicePool struct {
	*pool.Pool
	tally    tally   // of the exchanges that were routed to it
	backends []tally // of the attempts, by Backend.Index
	changes  []stateCounters
	retries  retryBudget
}

func newSnapshot(c *config.Config, e *Engine) (*snapshot, error) {
	s := &snapshot{
		config:      c,
		timeouts:    c.Timeouts,
		maxHead:     c.Limits.MaxHeaderBytes,
		headLimits:  http1.Limits{Target: c.Limits.MaxTargetBytes, Fields: c.Limits.MaxFields},
		maxBody:     c.Limits.MaxBodyBytes,
		metricsPath: c.MetricsPath,
		trusted:     c.TrustedProxies,
	}
	if r := c.RateLimit; r.RPS > 0 {
		s.limiter = limiter.New(limiter.Config{Rate: r.RPS, Burst: r.Burst, MaxClients: r.MaxClients, IPv6Prefix: r.IPv6Prefix})
		s.limitFields = limitPolicy(r.RPS, r.Burst)
	}
	byName := make(map[string]*servicePool)
	for _, pc := range c.Pools {
		sp, err := newServicePool(pc, c, e)
		if err != nil {
			return nil, err
		}
		s.pools = append(s.pools, sp)
		byName[pc.Name] = sp
	}
	s.routes = newRoutes(c.Routes, byName)
	return s, nil
}

func newServicePool(pc config.Pool, c *config.Config, e *Engine) (*servicePool, error) {
	sp := &servicePool{
		tally:    e.counters.newTally(),
		backends: make([]tally, len(pc.Backends)),
		changes:  make([]stateCounters, len(pc.Backends)),
		retries:  retryBudget{share: c.Retries.Budget, attempts: c.Retries.Attempts},
	}
	pcfg := pool.Config{
		Name:     pc.Name,
		Strategy: pc.Strategy,
		Probe: pool.ProbeConfig{
			Path:     pc.HealthCheck.Path,
			Interval: pc.HealthCheck.Interval,
			Timeout:  pc.HealthCheck.Timeout,
			Rise:     pc.HealthCheck.Rise,
			Fall:     pc.HealthCheck.Fall,
			Status:   anyRange(pc.HealthCheck.Status),
		},
		Limits: pool.Limits{
			Connect:        c.Timeouts.Connect,
			ResponseHeader: c.Timeouts.ResponseHeader,
			ResponseBody:   c.Timeouts.ResponseBody,
			Idle:           c.Timeouts.BackendIdle,
			TLSHandshake:   c.Timeouts.TLSHandshake,
			HeadBytes:      c.Limits.MaxHeaderBytes,
			Fields:         c.Limits.MaxFields,
		},
		OnChange: sp.stateChanged(e.log),
	}
	for i, b := range pc.Backends {
		bc := pool.BackendConfig{Addr: b.Addr, Weight: b.Weight, MaxConns: b.MaxConns, Backup: b.Backup}
		if b.TLS {
			var err error
			if bc.TLS, err = backendTLS(pc.TLS, b.Addr); err != nil {
				return nil, fmt.Errorf("pool %s: %w", pc.Name, err)
			}
		}
		pcfg.Backends = append(pcfg.Backends, bc)
		sp.backends[i] = e.counters.newTally()
	}
	if pc.TLS.InsecureSkipVerify {
		e.log.Warn("certificates of backends are not verified", "pool", pc.Name, "setting", "backend_tls.insecure_skip_verify")
	}
	sp.Pool = pool.New(pcfg)
	return sp, nil
}

// stateChanged returns what is done at each change of a backend's state: one log
// line, one count.
func (p *servicePool) stateChanged(log *slog.Logger) func(pool.Change) {
	return func(c pool.Change) {
		p.changes[c.Backend.Index][c.New].Add(1)
		log.Warn("backend state changed", "pool", c.Pool, "backend", c.Backend.Addr,
			"old", c.Old.String(), "new", c.New.String(), "why", c.Why)
	}
}

func anyRange(ranges []config.StatusRange) func(code int) bool {
	return func(code int) bool {
		for _, r := range ranges {
			if r.Contains(code) {
				return true
			}
		}
		return false
	}
}

// start begins the probes.
func (s *snapshot) start() {
	for _, p := range s.pools {
		p.Start()
	}
}

// close ends the probes and closes the idle connections.
func (s *snapshot) close() {
	for _, p := range s.pools {
		p.Close()
	}
}

// trusts reports whether an address is that of a trusted proxy.
func (s *snapshot) trusts(addr netip.Addr) bool {
	for _, p := range s.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
