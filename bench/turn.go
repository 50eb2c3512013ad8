//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// sample is what one turn of one contender gave. Latencies are zero when vegeta
// is missing or got no good answer.
type sample struct {
	RequestsPerSecond float64 `json:"requests_per_second"`
	CPUMicroseconds   float64 `json:"cpu_us_per_request"`
	CPUShare          float64 `json:"cpu_share"` // of one CPU, while wrk ran
	P50               float64 `json:"p50_us"`
	P99               float64 `json:"p99_us"`
	P999              float64 `json:"p999_us"`
	Errors            float64 `json:"errors"`
	RSS               float64 `json:"rss_bytes"`
}

// turn measures an entrant once.
func (r *rig) turn(ctx context.Context, round int, e *entrant) (sample, error) {
	s, err := r.measureThroughput(ctx, round, e)
	if err == nil && r.tools.vegeta != "" {
		err = r.measureLatency(ctx, round, e, &s)
	}
	if err != nil {
		return sample{}, fmt.Errorf("%s, round %d: %w", e.name, round, e.orItsEnd(err))
	}
	rss, err := treeRSS(e.process.pid())
	s.RSS = float64(rss)
	return s, err
}

// orItsEnd returns why the entrant's process has ended, which is what a failed
// measurement comes from if it has, and otherwise err.
func (e *entrant) orItsEnd(err error) error {
	select {
	case <-e.process.ended:
		return e.process.failure()
	default:
		return err
	}
}

// measureThroughput lets wrk run and looks at the CPU time of the entrant
// before and after.
func (r *rig) measureThroughput(ctx context.Context, round int, e *entrant) (sample, error) {
	before, err := treeCPU(e.process.pid())
	if err != nil {
		return sample{}, err
	}
	start := time.Now()
	got, err := runWrk(ctx, r.tool(r.tools.wrk, round, e, "wrk.txt"), e.url, r.set)
	if err != nil {
		return sample{}, err
	}
	elapsed := time.Since(start)
	after, err := treeCPU(e.process.pid())
	if err != nil {
		return sample{}, err
	}
	if got.requests == 0 {
		return sample{}, fmt.Errorf("wrk got no answer, and %d errors\n%s", got.errors, tail(e.process.output))
	}
	used := after - before
	return sample{
		RequestsPerSecond: got.perSecond,
		CPUMicroseconds:   microseconds(used) / float64(got.requests),
		CPUShare:          used.Seconds() / elapsed.Seconds(),
		Errors:            float64(got.errors),
	}, nil
}

// measureLatency adds what vegeta says to s.
func (r *rig) measureLatency(ctx context.Context, round int, e *entrant, s *sample) error {
	got, err := runVegeta(ctx, r.tool(r.tools.vegeta, round, e, "vegeta.csv"), e.url, r.set)
	if err != nil {
		return err
	}
	s.P50 = microseconds(got.permille(500))
	s.P99 = microseconds(got.permille(990))
	s.P999 = microseconds(got.permille(999))
	s.Errors += float64(got.errors)
	return nil
}

// tool is the command of a load generator in a turn; its arguments are still to
// come.
func (r *rig) tool(path string, round int, e *entrant, output string) command {
	return command{
		args:   []string{path},
		cpus:   r.cpus.load,
		output: filepath.Join(r.raw, fmt.Sprintf("round%02d-%s-%s", round, e.name, output)),
	}
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
