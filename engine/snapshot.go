package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
	"github.com/ESousa97/goproxyreverso/engine/certs"
	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/limiter"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// snapshot is a compiled configuration. It is immutable; an exchange loads it
// once and finds everything by pointers.
type snapshot struct {
	config    *config.Config
	timeouts  config.Timeouts
	retries   config.Retries
	listeners []*listener     // in the order of the configuration; set by listen
	problems  []certs.Problem // of their certificates; the proxy serves with them all the same

	headLimits http1.Limits // also of trailers
	maxBody    int64

	metricsPath string
	via         []byte           // what Via calls the proxy; empty: it adds none
	limiter     *limiter.Limiter // nil: off
	limitFields []byte           // the RateLimit-Policy field of those who are limited
	requestID   idField
	log         *accesslog.Log // nil: off
	routes      routes
	pools       []*servicePool
}

// newSnapshot compiles a configuration. What the snapshot before it has already is
// taken over, and changed by t only.
func newSnapshot(c *config.Config, e *Engine, t *transition) (*snapshot, error) {
	s := &snapshot{
		config:      c,
		timeouts:    c.Timeouts,
		retries:     c.Retries,
		headLimits:  http1.Limits{Bytes: c.Limits.MaxHeaderBytes, Target: c.Limits.MaxTargetBytes, Fields: c.Limits.MaxFields},
		maxBody:     c.Limits.MaxBodyBytes,
		metricsPath: c.MetricsPath,
		via:         []byte(c.Via),
		requestID:   newIDField(c.RequestID),
	}
	before := e.snapshot.Load()
	var err error
	if s.log, err = newLog(c.AccessLog, before, e); err != nil {
		return nil, err
	}
	s.limit(before, t)
	s.problems = CertificateProblems(c, time.Now())
	byName := make(map[string]*servicePool)
	for _, pc := range c.Pools {
		sp := before.pool(pc.Name)
		if sp == nil {
			sp = &servicePool{tally: e.counters.newTally()}
		}
		pcfg, err := sp.configure(pc, c, e, t)
		if err != nil {
			return nil, err
		}
		if sp.Pool == nil {
			sp.Pool = pool.New(pcfg)
		} else {
			t.onCommit(func() { sp.Update(pcfg) })
		}
		s.pools = append(s.pools, sp)
		byName[pc.Name] = sp
	}
	s.routes = newRoutes(c.Routes, byName)
	return s, nil
}

// newLog returns the access log of a configuration: the one that is in use if it has
// the same settings, nil when it is off.
func newLog(c config.AccessLog, before *snapshot, e *Engine) (*accesslog.Log, error) {
	settings := accesslog.Settings(c)
	if before != nil && before.log != nil && before.log.Settings() == settings {
		return before.log, nil
	}
	if c.Path == "" {
		return nil, nil
	}
	return accesslog.New(settings, e.log)
}

// limit gives the snapshot its limiter. One that was there before goes on with what
// its clients owe.
func (s *snapshot) limit(before *snapshot, t *transition) {
	r := s.config.RateLimit
	if r.RPS == 0 {
		return
	}
	s.limitFields = limitPolicy(r.RPS, r.Burst)
	c := limiter.Config{Rate: r.RPS, Burst: r.Burst, MaxClients: r.MaxClients, IPv6Prefix: r.IPv6Prefix}
	if before == nil || before.limiter == nil {
		s.limiter = limiter.New(c)
		return
	}
	t.onCommit(func() { s.limiter = before.limiter.Change(c, http1.Now()) })
}

// listen gives the snapshot its listeners: those of the one before it that have the
// same address, if there was one, and new ones.
func (s *snapshot) listen(e *Engine, before *snapshot, t *transition) error {
	for _, p := range s.problems {
		e.log.Warn("certificate", "problem", p.Text)
	}
	for i, c := range s.config.Listeners {
		l := before.listener(c.Addr)
		settings, err := e.newListenerSettings(c, l.now(), t)
		if err != nil {
			return fmt.Errorf("%stls: %w", section(s.config, i), err)
		}
		if l != nil {
			t.onCommit(func() { l.settings.Store(settings) })
			s.listeners = append(s.listeners, l)
			continue
		}
		if l, err = e.openListener(c, settings); err != nil {
			return fmt.Errorf("%s: %w", s.addrSetting(i), err)
		}
		t.onUndo(func() { _ = l.Close() })
		s.listeners = append(s.listeners, l)
	}
	return nil
}

// addrSetting returns the name of the setting with the address of a listener.
func (s *snapshot) addrSetting(i int) string {
	if in := section(s.config, i); in != "" {
		return in + "addr"
	}
	return "listen_addr"
}

// section is what the settings of the i-th listener begin with.
func section(c *config.Config, i int) string {
	if len(c.Listeners) == 1 {
		return ""
	}
	return fmt.Sprintf("listeners[%d].", i)
}

// listener returns the one with that address, nil when there is none.
func (s *snapshot) listener(addr string) *listener {
	if s == nil {
		return nil
	}
	for _, l := range s.listeners {
		if l.address == addr {
			return l
		}
	}
	return nil
}

func (s *snapshot) hasListener(l *listener) bool { return slices.Contains(s.listeners, l) }

// openLog opens the access log, unless the snapshot has that of the one before it.
func (s *snapshot) openLog(before *snapshot, t *transition) error {
	if before != nil && before.log == s.log {
		return nil
	}
	t.onUndo(s.log.Close)
	return s.log.Open()
}

// addrs returns the addresses of all listeners as text.
func (s *snapshot) addrs() string {
	var addrs []string
	for _, l := range s.listeners {
		addrs = append(addrs, addrText(l.Addr()))
	}
	return strings.Join(addrs, " ")
}

// pool returns the one with that name, nil when there is none.
func (s *snapshot) pool(name string) *servicePool {
	if s == nil {
		return nil
	}
	for _, p := range s.pools {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// start begins the probes.
func (s *snapshot) start() {
	for _, p := range s.pools {
		p.Start()
	}
}

// close ends the probes, closes the idle connections, stops following files and
// writes the rest of the access log.
func (s *snapshot) close() {
	s.log.Close()
	for _, l := range s.listeners {
		l.settings.Load().close()
	}
	for _, p := range s.pools {
		p.Close()
	}
}
