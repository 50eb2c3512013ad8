package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool"
)

// The status tells of requests, errors and states what the proxy did.
func TestStatus(t *testing.T) {
	p := startProxy(t, `
admin_addr: 127.0.0.1:0
backends: [{url: $a, weight: 3, max_conns: 7}]
pools: {spare: {backends: [$b, {url: $c, backup: true}], strategy: round_robin}}
routes: [{path: /spare, pool: spare}]
rate_limit: {rps: 1000, burst: 10}
`)
	c := p.connect()
	c.get("/")
	b := p.backend("a").Accept()
	b.Receive()
	inflight := p.status()
	require.EqualValues(t, 1, inflight.Clients.Inflight)
	require.EqualValues(t, 1, inflight.Pools[0].Backends[0].Inflight)
	b.Reply(200, "hi")
	c.want(200, "hi")
	p.wantMetric("proxy_requests_inflight", "0")

	s := p.status()
	require.True(t, s.Ready)
	require.Equal(t, "listen_addr", s.Listen[0].Setting)
	require.Equal(t, p.Addr().String(), s.Listen[0].Addr)
	require.Equal(t, 1, s.Clients.Connections)
	require.Zero(t, s.Clients.Inflight)
	require.Equal(t, &LimiterStatus{Clients: s.Limiter.Clients, MaxClients: 262144}, s.Limiter)
	require.EqualValues(t, 1, s.Totals.Requests)
	require.NotZero(t, s.Totals.SentBytes)
	require.Len(t, s.Pools, 2)
	first, spare := s.Pools[0], s.Pools[1]
	require.EqualValues(t, 1, first.Requests)
	a := first.Backends[0]
	require.Equal(t, BackendStatus{
		Addr: p.backend("a").Addr, State: "up", Since: a.Since, Health: "up", Weight: 3, ConfiguredWeight: 3,
		Connections: 1, Idle: a.Idle, MaxConns: 7, Requests: 1, Recent: a.Recent,
	}, a)
	require.True(t, spare.Backends[1].Backup)
	require.Equal(t, "round_robin", spare.Strategy)
	require.Nil(t, spare.Recent.P99, "nothing was asked of it")
	require.Empty(t, s.Changes)
}

// A change of state is in the status with its time and reason, and so is that
// the proxy is not ready.
func TestStatusOfChange(t *testing.T) {
	p := startProxy(t, "admin_addr: 127.0.0.1:0\nhealth_check: {interval: 20ms}\nbackends: [http://127.0.0.77:1]")
	require.Eventually(t, func() bool {
		return len(p.status().Changes) == 1 && !strings.Contains(p.status().NotReady, "first round")
	}, patience, time.Millisecond)
	s := p.status()
	require.False(t, s.Ready)
	require.Equal(t, "no eligible backend in pool default", s.NotReady)
	change, b := s.Changes[0], s.Pools[0].Backends[0]
	require.Equal(t, StateChange{change.Time, "default", "127.0.0.77:1", "up", "down", change.Why}, change)
	require.Contains(t, change.Why, "failed probe")
	require.Equal(t, "down", b.State)
	require.Equal(t, change.Why, b.Why)
	require.False(t, b.Since.IsZero() || b.Since.After(change.Time))
}

// status asks the admin listener for it.
func (p *tester) status() (s Status) {
	p.t.Helper()
	resp, body := p.ask("GET", "/status")
	require.Equal(p.t, 200, resp.StatusCode)
	require.NoError(p.t, json.Unmarshal([]byte(body), &s))
	return s
}

// However often states change, the last changes are remembered and no more.
func TestChangesAreBounded(t *testing.T) {
	var s changes
	for i := range 3 * maxChanges {
		s.add(pool.Change{Pool: "p", Backend: &pool.Backend{Addr: "a"}, Why: fmt.Sprint(i)}, time.Now())
	}
	list := s.newestFirst()
	require.Len(t, list, maxChanges)
	require.Equal(t, fmt.Sprint(3*maxChanges-1), list[0].Why)
	require.Equal(t, fmt.Sprint(2*maxChanges), list[maxChanges-1].Why)
}

// Recent is what came since the oldest sample; samples of what is gone are gone.
func TestRecent(t *testing.T) {
	p := startProxy(t, "backends: [$a]")
	pools := p.snapshot.Load().pools
	x, y := pools[0].tally, countersOf(pools[0].Backends()[0]).tally
	var r recent
	h, span := r.since(x, time.Hour)
	require.Zero(t, h.total())
	require.Zero(t, span)
	for second := range 3 * recentSamples {
		now := time.Duration(second) * time.Second
		r.sample(pools, now)
		x[0].add(200, time.Microsecond)
		x[len(x)-1].add(500, time.Hour)
		h, span = r.since(x, now+time.Second)
		seconds := min(second+1, recentSamples)
		require.EqualValues(t, 2*seconds, h.total())
		require.Equal(t, time.Duration(seconds)*time.Second, span)
	}
	h, span = r.since(y, 3*recentSamples*time.Second)
	require.Zero(t, h.total())
	require.NotZero(t, span)
	r.sample(pools[:0], time.Hour)
	require.Empty(t, r.of)
}

// A quantile lies where the requests of its bucket do, were they spread evenly.
func TestQuantile(t *testing.T) {
	var h histogram
	h[0] = 10 // up to 500µs
	require.Equal(t, 250*time.Microsecond, h.quantile(0.5))
	h[2] = 10 // 1ms to 2.5ms
	require.Equal(t, 500*time.Microsecond, h.quantile(0.5))
	require.Equal(t, 1750*time.Microsecond, h.quantile(0.75))
	require.Equal(t, 2500*time.Microsecond, h.quantile(1))
	h[len(h)-1] = 1000
	require.Equal(t, 30*time.Second, h.quantile(0.99), "nothing is known above the last bound")
}
