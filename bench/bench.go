//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// tools are the paths of the load generators.
type tools struct {
	wrk    string
	vegeta string // "" when it is missing: there are no latencies then
}

// bench takes one whole measurement, from the search for programs to the table.
func bench(ctx context.Context, set settings, stdout, stderr io.Writer) error {
	rep := newReport(set)
	found, err := findTools(ctx, rep)
	if err != nil {
		return err
	}
	r, err := newRig(set, found)
	if err != nil {
		return err
	}
	defer r.close()
	rep.place(r.cpus)
	if err := r.startBackends(ctx); err != nil {
		return err
	}
	if err := r.enterAll(ctx, rep); err != nil {
		return err
	}
	rep.writeHeader(stdout)
	if err := r.rounds(ctx, stderr); err != nil {
		return err
	}
	rep.finish(r.entrants)
	rep.writeTable(stdout)
	return rep.save(set.jsonPath)
}

// findTools finds the load generators. Without wrk nothing can be measured.
func findTools(ctx context.Context, rep *report) (tools, error) {
	var found tools
	var err error
	if found.wrk, err = installed("wrk", "apt-get install wrk"); err != nil {
		return tools{}, err
	}
	rep.program("wrk", firstLine(ctx, found.wrk, "-v"))
	found.vegeta, err = installed("vegeta", "go install github.com/tsenart/vegeta/v12@v12.13.0")
	if err != nil {
		rep.missing(err, "no latencies")
		return found, nil
	}
	rep.program("vegeta", builtFrom(ctx, found.vegeta))
	return found, nil
}

// enterAll starts the contenders that are installed.
func (r *rig) enterAll(ctx context.Context, rep *report) error {
	for _, c := range r.set.contenders {
		path, err := c.find(ctx)
		var absent missingError
		if errors.As(err, &absent) {
			rep.missing(err, c.name+" is left out")
			continue
		}
		if err != nil {
			return err
		}
		rep.program(c.name, c.version(ctx, path))
		if err := r.enter(ctx, c, path); err != nil {
			return err
		}
	}
	if len(r.entrants) == 0 {
		return errors.New("none of the contenders is installed")
	}
	return nil
}

// rounds warms the entrants up and takes all samples, each round in another
// order.
func (r *rig) rounds(ctx context.Context, stderr io.Writer) error {
	warmup := *r
	warmup.set.duration = time.Second
	for _, e := range r.entrants {
		fmt.Fprintf(stderr, "warm-up  %s\n", e.name)
		if _, err := warmup.measureThroughput(ctx, 0, e); err != nil {
			return fmt.Errorf("%s, warm-up: %w", e.name, e.orItsEnd(err))
		}
	}
	left := time.Duration(r.set.rounds*len(r.entrants)) * r.set.turnTime()
	for round := 1; round <= r.set.rounds; round++ {
		for _, i := range order(len(r.entrants), round) {
			e := r.entrants[i]
			fmt.Fprintf(stderr, "round %d of %d  %s  about %s left\n", round, r.set.rounds, e.name, left)
			s, err := r.turn(ctx, round, e)
			if err != nil {
				return err
			}
			e.samples = append(e.samples, s)
			left -= r.set.turnTime()
		}
	}
	return nil
}

// order returns the numbers 0 to n-1, beginning with another one in each round,
// so that no contender always comes first or after a pause.
func order(n, round int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = (i + round - 1) % n
	}
	return all
}
