package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soakTime is how long an operation is repeated under load: short among all tests,
// longer when the variable SOAK says how long, as "make soak" does.
func soakTime(t *testing.T, short time.Duration) time.Duration {
	text := os.Getenv("SOAK")
	if text == "" {
		return short
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return min(d, time.Minute)
}

// hammer is a load that no request of may fail, whatever is done to the proxy. Its
// clients are strict: a connection that ends without having said so is a failure.
type hammer struct {
	t       *testing.T
	dial    func() (net.Conn, error)
	clients sync.WaitGroup
	ended   atomic.Bool
	served  atomic.Int64
	failed  atomic.Int64
	first   atomic.Value // the first failure
}

// startHammer starts n clients, each with a connection of its own that it opens
// again after each response that ends it, and now and then without that.
func startHammer(t *testing.T, addr string, n int) *hammer {
	return startHammerBy(t, n, func() (net.Conn, error) { return net.DialTimeout("tcp", addr, patience) })
}

// startHammerBy is startHammer with clients that connect in that way.
func startHammerBy(t *testing.T, n int, dial func() (net.Conn, error)) *hammer {
	h := &hammer{t: t, dial: dial}
	for range n {
		h.clients.Go(h.client)
	}
	t.Cleanup(h.stop)
	return h
}

func (h *hammer) client() {
	var c *client
	used := 0
	for !h.ended.Load() {
		if c == nil {
			nc, err := h.dial()
			if err != nil {
				h.fail(err)
				return
			}
			c = &client{Conn: nc, r: bufio.NewReader(nc)}
		}
		got, err := c.get("/")
		switch {
		case err != nil:
			h.fail(err)
		case got.StatusCode != 200:
			h.fail(fmt.Errorf("status %d: %s", got.StatusCode, got.body))
		default:
			h.served.Add(1)
		}
		if used++; err != nil || got.Close || used%100 == 0 {
			_ = c.Close()
			c = nil
		}
	}
	if c != nil {
		_ = c.Close()
	}
}

func (h *hammer) fail(err error) {
	h.failed.Add(1)
	h.first.CompareAndSwap(nil, errors.New(err.Error()))
}

func (h *hammer) stop() {
	h.ended.Store(true)
	h.clients.Wait()
}

// more waits until so many more requests were served.
func (h *hammer) more(n int64) {
	h.t.Helper()
	until := h.served.Load() + n
	waitFor(h.t, "more requests", func() bool { return h.served.Load() >= until || h.failed.Load() > 0 })
}

// wantNoFailure ends the load, of which no request may have failed.
func (h *hammer) wantNoFailure() {
	h.t.Helper()
	h.stop()
	require.Zero(h.t, h.failed.Load(), "of %d: the first is %v", h.served.Load()+h.failed.Load(), h.first.Load())
	require.NotZero(h.t, h.served.Load())
	h.t.Logf("%d requests, none failed", h.served.Load())
}

// usage is what the process holds.
type usage struct{ goroutines, files, bytes int }

func (p *tester) usage() usage {
	p.t.Helper()
	metrics := p.scrape()
	number := func(series string) int {
		f, err := strconv.ParseFloat(value(metrics, series), 64)
		require.NoError(p.t, err, "%s in %s", series, metrics)
		return int(f)
	}
	return usage{number("go_goroutines"), number("process_open_fds"), number("process_resident_memory_bytes")}
}

// wantNoGrowth checks that the process comes to hold little more than it did before.
// Some takes its time: what looks after the idle connections of a backend that is
// gone sleeps for timeouts.backend_idle.
func (p *tester) wantNoGrowth(before usage) {
	p.t.Helper()
	var after usage
	require.Eventually(p.t, func() bool {
		after = p.usage()
		return after.goroutines < before.goroutines+40 && after.files < before.files+80
	}, patience, 100*time.Millisecond, "%+v, and before %+v", &after, before)
	p.t.Logf("%+v, then %+v", before, after)
	if !raceEnabled { // the race detector keeps a shadow of all memory there ever was
		require.Less(p.t, after.bytes, 2*before.bytes+(32<<20))
	}
}
