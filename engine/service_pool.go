package engine

import (
	"fmt"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
)

// servicePool is a pool with what the engine keeps about it. Both live on when the
// configuration changes, for as long as that has a pool of the name.
type servicePool struct {
	*pool.Pool
	secure  map[string]security // TLS with its backends, by address; changed by transitions only
	tally   tally               // of the exchanges that were routed to it
	retries retryBudget
}

// backendCounters are what the engine counts for a backend. They are its owner.
type backendCounters struct {
	tally   tally // of the attempts
	changes stateCounters
}

// countersOf returns the counters of a backend.
func countersOf(b *pool.Backend) *backendCounters { return b.Owner.(*backendCounters) }

// configure returns what a pool is to become.
func (p *servicePool) configure(pc config.Pool, c *config.Config, e *Engine, t *transition) (pool.Config, error) {
	pcfg := pool.Config{
		Name:     pc.Name,
		Strategy: pc.Strategy,
		Probe: pool.ProbeConfig{
			Path:     pc.HealthCheck.Path,
			Interval: pc.HealthCheck.Interval,
			Timeout:  pc.HealthCheck.Timeout,
			Rise:     pc.HealthCheck.Rise,
			Fall:     pc.HealthCheck.Fall,
			Status:   statusCodes(pc.HealthCheck.Status),
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
		OnChange: stateChanged(e),
		Owner:    func(string) any { return &backendCounters{tally: e.counters.newTally()} },
	}
	secure := make(map[string]security)
	for _, b := range pc.Backends {
		bc := pool.BackendConfig{Addr: b.Addr, Weight: b.Weight, MaxConns: b.MaxConns, Backup: b.Backup}
		if b.TLS {
			next, err := newSecurity(pc.TLS, b.Addr)
			if err != nil {
				return pcfg, fmt.Errorf("pool %s: %w", pc.Name, err)
			}
			if old := p.secure[b.Addr]; old.sum == next.sum {
				next = old
			}
			secure[b.Addr], bc.TLS = next, next.config
		}
		pcfg.Backends = append(pcfg.Backends, bc)
	}
	t.onCommit(func() { p.secure = secure })
	if pc.TLS.InsecureSkipVerify {
		t.onCommit(func() {
			e.log.Warn("certificates of backends are not verified", "pool", pc.Name, "setting", "backend_tls.insecure_skip_verify")
		})
	}
	return pcfg, nil
}

// stateChanged returns what is done at each change of a backend's state: one log
// line, one count, one entry of the status.
func stateChanged(e *Engine) func(pool.Change) {
	return func(c pool.Change) {
		countersOf(c.Backend).changes[c.New].Add(1)
		e.changes.add(c, time.Now())
		e.log.Warn("backend state changed", "pool", c.Pool, "backend", c.Backend.Addr,
			"old", c.Old.String(), "new", c.New.String(), "why", c.Why)
	}
}

func statusCodes(ranges []config.StatusRange) (codes pool.Codes) {
	for _, r := range ranges {
		codes.Add(r.From, r.To)
	}
	return codes
}
