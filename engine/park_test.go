package engine

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startParking starts a proxy that parks connections early.
func startParking(t *testing.T, yaml string, after time.Duration) *tester {
	if !canPark {
		t.Skip("nothing is parked on " + runtime.GOOS)
	}
	p := startProxy(t, yaml)
	p.parkAfter = after // before the first connection, which is what reads it
	p.backend("a").Answer("hi")
	return p
}

// A connection that is idle is parked, and served again when its client sends
// something, as often as that comes.
func TestPark(t *testing.T) {
	p := startParking(t, `backends: [$a]`, 10*time.Millisecond)
	c := p.connect()
	for range 3 {
		c.get("/")
		c.want(200, "hi")
		p.wantMetric("proxy_parked_connections", "1")
		p.wantMetric("proxy_downstream_connections", "1")
	}
	require.NoError(t, c.Close())
	p.wantMetric("proxy_downstream_connections", "0")
}

// However close to the moment of parking a request comes, it is answered.
func TestParkLosesNothing(t *testing.T) {
	p := startParking(t, `backends: [$a]`, 2*time.Millisecond)
	c := p.connect()
	require.NoError(t, c.SetDeadline(noDeadline))
	for i := range 400 {
		c.get("/" + strconv.Itoa(i))
		c.want(200, "hi")
		// From well before to well after the moment; a spin is more exact
		// than a sleep. Nothing depends on how exact it is.
		for until := time.Now().Add(time.Duration(i%40) * 100 * time.Microsecond); time.Now().Before(until); {
			runtime.Gosched()
		}
	}
}

// A parked connection is closed when timeouts.client_idle is over.
func TestParkedIsClosed(t *testing.T) {
	p := startParking(t, "backends: [$a]\ntimeouts: {client_idle: 30ms}", 10*time.Millisecond)
	c := p.connect()
	c.get("/")
	c.want(200, "hi")
	c.wantEnd()
	p.wantMetric("proxy_downstream_connections", "0")
	p.wantMetric("proxy_parked_connections", "0")
}

// A stop ends parked connections.
func TestStopEndsParked(t *testing.T) {
	p := startParking(t, `backends: [$a]`, 10*time.Millisecond)
	var clients []*client
	for range 20 {
		c := p.connect()
		c.get("/")
		c.want(200, "hi")
		clients = append(clients, c)
	}
	p.wantMetric("proxy_parked_connections", "20")
	require.NoError(t, p.stop())
	for _, c := range clients {
		c.wantEnd()
	}
	require.Zero(t, p.conns.len())
}

// A connection over limits.max_connections gets its turn when a parked one ends.
func TestParkedCount(t *testing.T) {
	p := startParking(t, "backends: [$a]\nlimits: {max_connections: 1}", 10*time.Millisecond)
	first := p.connect()
	first.get("/")
	first.want(200, "hi")
	p.wantMetric("proxy_parked_connections", "1")
	second := p.connect()
	second.get("/")
	require.NoError(t, first.Close())
	second.want(200, "hi")
}
