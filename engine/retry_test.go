package engine

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// closesAfterAnswer is a backend that ends each connection right behind its
// first answer, which does not say so.
func closesAfterAnswer(c *pooltest.Conn) {
	if _, err := c.ReadRequest(); err == nil {
		c.Reply(200, "x")
	}
}

// breaksEverySecond is a backend that answers the first request of a connection
// and breaks off in the middle of the second, by a close or by a reset in turn.
func breaksEverySecond() func(*pooltest.Conn) {
	var turn atomic.Uint64
	return func(c *pooltest.Conn) {
		if _, err := c.ReadRequest(); err != nil {
			return
		}
		c.Reply(200, "x")
		if _, err := c.Read(make([]byte, 5)); err == nil && turn.Add(1)%2 == 0 {
			c.Reset()
		}
	}
}

// No GET is lost by a backend that ends a kept connection at the very moment the
// next request is on its way, and none counts as a retry.
func TestKeepAliveRaces(t *testing.T) {
	const clients = 8
	requests := 50000 / clients
	if raceEnabled || testing.Short() {
		requests = 5000 / clients
	}
	for name, serve := range map[string]func(*pooltest.Conn){
		"closes after its answer":  closesAfterAnswer,
		"breaks every second time": breaksEverySecond(),
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, `backends: [$a]`)
			p.backend("a").Serve(serve)
			failed := make(chan error, clients)
			for range clients {
				r := newRoundTrips(t, p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				go func() {
					for i := range requests {
						if err := r.do(); err != nil {
							failed <- fmt.Errorf("request %d: %w", i, err)
							return
						}
					}
					failed <- nil
				}()
			}
			for range clients {
				require.NoError(t, <-failed)
			}
			p.wantMetric(`proxy_requests_total{pool="default",code="2xx"}`, fmt.Sprint(clients*requests))
			p.wantMetric(`proxy_retries_total{pool="default"}`, "0")
		})
	}
}

// A POST that a dying connection may have carried over is not sent again.
func TestPostIsNotRepeated(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	var begun atomic.Int64
	p.backend("a").Serve(func(c *pooltest.Conn) {
		if _, err := c.ReadRequest(); err != nil {
			return
		}
		c.Reply(200, "x")
		if _, err := c.Read(make([]byte, 5)); err == nil {
			begun.Add(1)
		}
	})
	c := p.connect()
	for i := range int64(20) {
		c.get("/")
		c.want(200, "x")
		c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
		c.wantReject(502, "connection_terminated")
		require.Equal(t, i+1, begun.Load())
	}
}

// A request goes to another backend as long as nothing of it was sent, whatever
// its method and however long its body.
func TestUnsentIsRetried(t *testing.T) {
	p := startProxy(t, "strategy: round_robin\nbackends: [$a, $b]")
	p.backend("a").Close()
	p.backend("b").Answer("b")
	c := p.connect()
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000),
	} {
		before := p.metric(`proxy_retries_total{pool="default"}`)
		for range 2 { // one of the two begins with a
			c.send(request)
			c.want(200, "b")
		}
		require.NotEqual(t, before, p.metric(`proxy_retries_total{pool="default"}`))
	}
}

// A reset while dialing is an attempt that sent nothing.
func TestResetDial(t *testing.T) {
	x := &exchange{
		snap: &snapshot{retries: config.Retries{Attempts: 2, Budget: 1}},
		pool: &servicePool{Pool: pool.New(pool.Config{Strategy: "round_robin"})},
	}
	x.request.Method = []byte("POST")
	require.Equal(t, elsewhere, x.mayRetry(pool.ErrTerminated))
}

// Once a byte of a response has come, or the backend had its time, a request is
// not sent again.
func TestNoRetryAfterResponse(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		status int
		reason string
	}{
		"a byte":      {"H", 502, "connection_terminated"},
		"half a head": {"HTTP/1.1 200 OK\r\nContent-", 502, "connection_terminated"},
		"interim":     {"HTTP/1.1 103 Early Hints\r\n\r\n", 502, "connection_terminated"},
		"nonsense":    {"nonsense\r\n\r\n", 502, "http_protocol_error"},
		"nothing":     {"", 504, "http_response_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			yaml := "backends: [$a, $b]"
			if c.answer == "" {
				yaml += "\ntimeouts: {response_header: 50ms}"
			}
			p := startProxy(t, yaml)
			client := p.connect()
			client.send("GET / HTTP/1.0\r\n\r\n")
			b := accept(p.backend("a"), p.backend("b"))
			b.Receive()
			if c.answer != "" {
				b.Send(c.answer)
				_ = b.Close()
			}
			client.wantReject(c.status, c.reason)
			require.Equal(t, 1, p.backend("a").Connections()+p.backend("b").Connections())
			p.wantMetric(`proxy_retries_total{pool="default"}`, "0")
		})
	}
}

// A request is sent retries.attempts times at most, to a backend of its own each
// time as long as there is one.
func TestAttempts(t *testing.T) {
	for attempts := 1; attempts <= 5; attempts++ {
		p := startProxy(t, fmt.Sprintf("backends: [$a, $b, $c, $d]\nretries: {attempts: %d}", attempts))
		for _, b := range p.backends {
			b.Serve(func(c *pooltest.Conn) {
				_, _ = c.ReadRequest()
				c.Reset()
			})
		}
		c := p.connect()
		c.get("/")
		c.wantReject(502, "connection_terminated")
		total := 0
		for _, b := range p.backends {
			require.LessOrEqual(t, b.Connections(), 1+attempts/5)
			total += b.Connections()
		}
		require.Equal(t, attempts, total)
		p.wantMetric(`proxy_retries_total{pool="default"}`, fmt.Sprint(attempts-1))
	}
}

// The budget bounds the retries by a share of the requests of this window and the
// one before, with a floor for a pool that has few.
func TestRetryBudget(t *testing.T) {
	r, share := retryBudget{}, 0.5
	requests := uint64(0)
	take := func(n int) (taken int) {
		for range n {
			if r.take(requests, share) {
				taken++
			}
		}
		return taken
	}
	require.Equal(t, budgetFloor, take(100), "a quiet pool has the floor")
	requests += 40
	require.Equal(t, 20, take(100), "a busy one a share on top")
	r.turn(requests)
	require.Zero(t, take(100), "the window before counts, its retries too")
	requests += 40
	require.Equal(t, 20, take(100))
	r.turn(requests)
	require.Equal(t, 10, take(100), "of the first window nothing counts any more")
	r.turn(requests)
	r.turn(requests)
	require.Equal(t, budgetFloor, take(100))
	share = 0
	require.Zero(t, take(100), "0 turns retries off")
}

// What came before the first failure is looked back to.
func TestRetryBudgetLooksBack(t *testing.T) {
	var r retryBudget
	r.turn(10_000)
	for range 400 {
		require.True(t, r.take(11_000, 0.5))
	}
}

// When the budget is used up, a request that fails is not sent again.
func TestBudgetExhausted(t *testing.T) {
	p := startProxy(t, "backends: [$a, $b]\nretries: {attempts: 2, budget: 0.001}")
	for _, b := range p.backends {
		b.Serve(func(c *pooltest.Conn) {
			_, _ = c.ReadRequest()
			c.Reset()
		})
	}
	c := p.connect()
	for n := 1; ; n++ {
		require.Less(t, n, 100, "the budget has no end")
		c.get("/")
		c.wantReject(502, "connection_terminated")
		attempts := p.backend("a").Connections() + p.backend("b").Connections()
		if attempts < 2*n {
			require.GreaterOrEqual(t, n, budgetFloor, "the floor lets a quiet proxy retry")
			return
		}
	}
}
