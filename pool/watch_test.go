package pool

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// watched is one backend that is watched in a bubble of fake time.
type watched struct {
	*Pool
	b       *Backend
	begun   time.Time
	at      []time.Duration // when each probe began
	changes []string        // each with the number of the probe that made it
	result  func(n int) error
}

// watch begins to watch a backend whose n-th probe, counted from 1, has that
// result. It ends with Close.
func watch(c ProbeConfig, result func(n int) error) *watched {
	w := &watched{begun: time.Now(), result: result}
	w.Pool = New(Config{
		Name: "test", Strategy: "round_robin", Backends: []BackendConfig{{Addr: "a", Weight: 1}}, Probe: c,
		OnChange: func(c Change) {
			w.changes = append(w.changes, fmt.Sprintf("%d: %s -> %s: %s", len(w.at), c.Old, c.New, c.Why))
		},
	})
	w.b = w.Backends()[0]
	w.begin(w.ask)
	return w
}

// begin begins probes that are no more than a call of probe.
func (w *watched) begin(probe func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	w.b.unprobe = cancel
	w.probers.Go(func() { w.watch(ctx, w.b, w.config.Probe.Interval, probe) })
}

func (w *watched) ask(context.Context) error {
	w.at = append(w.at, time.Since(w.begun))
	return w.result(len(w.at))
}

// script returns the results that results spells, + for a success and - for a
// failure. The last goes on for ever.
func script(results string) func(n int) error {
	return func(n int) error {
		if results[min(n, len(results))-1] == '+' {
			return nil
		}
		return errors.New("refused")
	}
}

// sleep lets fake time pass.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// The first failure takes a backend down at once, later ones only fall of them in
// a row; rise successes in a row bring it up. One lost probe changes nothing, and
// each change is told once.
func TestWatchCounts(t *testing.T) {
	for _, c := range []struct {
		results string
		changes []string
	}{
		{"+", nil},
		{"+-+", nil},
		{"+--+--+-+", nil},
		{"+---", []string{"4: up -> down: 3 failed probes in a row, the last: refused"}},
		{"+--+---", []string{"7: up -> down: 3 failed probes in a row, the last: refused"}},
		{"-", []string{"1: up -> down: 1 failed probes in a row, the last: refused"}},
		{"-+-+-", []string{"1: up -> down: 1 failed probes in a row, the last: refused"}},
		{"-++--+", []string{
			"1: up -> down: 1 failed probes in a row, the last: refused",
			"3: down -> up: 2 successful probes in a row",
		}},
		{"+---+-++", []string{
			"4: up -> down: 3 failed probes in a row, the last: refused",
			"8: down -> up: 2 successful probes in a row",
		}},
	} {
		t.Run(c.results, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(ProbeConfig{Interval: time.Second, Rise: 2, Fall: 3}, script(c.results))
				sleep(time.Minute)
				w.Close()
				require.Greater(t, len(w.at), len(c.results))
				require.Equal(t, c.changes, w.changes)
			})
		})
	}
}

// Probes come an interval apart, a tenth more or less and not in step, and ten
// times as often while the last result speaks against the state.
func TestWatchIntervals(t *testing.T) {
	for _, c := range []struct {
		results string
		doubt   map[int]bool // after the probe with that number
	}{
		{"+", nil},
		{"-", nil}, // down and still down is no doubt
		{"+-+", map[int]bool{2: true}},
		{"+---+-++", map[int]bool{2: true, 3: true, 5: true, 7: true}},
	} {
		t.Run(c.results, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(ProbeConfig{Interval: time.Second, Rise: 2, Fall: 3}, script(c.results))
				sleep(time.Minute)
				w.Close()
				require.Zero(t, w.at[0])
				gaps := map[time.Duration]bool{}
				for i := 1; i < len(w.at); i++ {
					want, gap := 1.0, w.at[i]-w.at[i-1]
					if c.doubt[i] {
						want = 0.1
					}
					require.InDelta(t, want, gap.Seconds(), want/10+1e-6, "after probe %d", i)
					gaps[gap] = true
				}
				require.Greater(t, len(gaps), len(w.at)/2)
			})
		})
	}
}

// A connection that traffic could not make brings the next probe forward to this
// moment, but not more often than doubt does.
func TestWatchSuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(ProbeConfig{Interval: time.Minute, Rise: 1, Fall: 1}, script("+"))
		sleep(10 * time.Second)
		w.b.suspect <- struct{}{}
		synctest.Wait()
		for range 60_000 { // a minute of traffic that cannot connect
			select {
			case w.b.suspect <- struct{}{}:
			default:
			}
			sleep(time.Millisecond)
		}
		w.Close()
		require.Equal(t, []time.Duration{0, 10 * time.Second}, w.at[:2])
		require.InDelta(t, 2*inDoubt, len(w.at), 4)
		require.Empty(t, w.changes)
	})
}

// A backend that dies under traffic is down after fall probes, of which the first
// comes at once and the others at a tenth of the interval.
func TestWatchDeathUnderTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(ProbeConfig{Interval: time.Minute, Rise: 2, Fall: 3}, script("+-"))
		sleep(time.Second)
		w.b.suspect <- struct{}{}
		sleep(14 * time.Second)
		w.Close()
		require.Equal(t, []string{"4: up -> down: 3 failed probes in a row, the last: refused"}, w.changes)
	})
}

// Close ends a probe that is under way and waits for it; what it returned then
// is not held against the backend.
func TestWatchClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(ProbeConfig{Interval: time.Second, Rise: 1, Fall: 1}, script("+"))
		w.Close()
		ended := false
		w.begin(func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return ctx.Err()
		})
		synctest.Wait()
		w.Close()
		require.True(t, ended)
		require.Empty(t, w.changes)
		require.Equal(t, Up, w.b.State())
	})
}
