package engine

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// watchInterval is how often the clients of exchanges that wait for a backend
// are looked at, and the counters sampled.
const watchInterval = time.Second

// watch does what comes back every few seconds, until ctx is done: it begins the
// next window of the retry budgets, samples the counters for the status, and looks
// for clients that have left while their exchange waits. It costs the path of a request nothing: a connection in an
// attempt is known by its upstream, and each look is one system call that does not
// wait.
//
// A client that only ends its sending side counts as gone, as it does with other
// proxies: on TCP both look the same until something is sent.
func (e *Engine) watch(ctx context.Context) {
	tick, turn := time.NewTicker(watchInterval), time.NewTicker(budgetWindow)
	defer tick.Stop()
	defer turn.Stop()
	for {
		e.ticked.Store(int64(http1.Now()))
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
			for _, p := range e.snapshot.Load().pools {
				p.retries.turn(p.tally.requests())
			}
			continue
		case <-tick.C:
		}
		e.recent.sample(e.snapshot.Load().pools, http1.Now())
		for _, c := range e.conns.list() {
			if c.upstream.Load() != nil && !c.unwatched.Load() && c.left() {
				c.abort(byClient)
			}
		}
	}
}

// left reports whether the client has closed its side.
func (c *conn) left() bool {
	gone := false
	if c.control == nil {
		return false
	}
	_ = c.control.Control(func(fd uintptr) {
		events := [1]unix.PollFd{{Fd: int32(fd), Events: pollLeft}}
		n, err := unix.Poll(events[:], 0)
		gone = err == nil && n > 0 && events[0].Revents&(pollLeft|unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone
}
