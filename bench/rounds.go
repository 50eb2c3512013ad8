//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// warmUpTime is how long an entrant is under load before anything counts.
const warmUpTime = time.Second

// warmUp starts the entrants and puts them under load. Where turns start them
// anyway, each has a turn that does not count if that is short: it brings the
// program's file into memory.
func (r *rig) warmUp(ctx context.Context) error {
	for _, e := range r.entrants {
		r.tell("warm-up  %s", e.label())
		var err error
		if r.scenario.fresh() {
			_, err = r.launch(ctx, e)
			r.end(e)
		} else if _, err = r.launch(ctx, e); err == nil {
			_, err = r.load(ctx, e, warmUpTime)
		}
		if err != nil {
			return fmt.Errorf("%s, warm-up: %w", e.label(), e.orItsEnd(err))
		}
	}
	return nil
}

// rounds takes all samples, each round in another order. Entrants of the same
// variant follow each other.
func (r *rig) rounds(ctx context.Context) error {
	n := len(r.entrants) / len(r.scenario.variants)
	left := time.Duration(r.set.rounds*len(r.entrants)) * r.scenario.turnTime(r.set)
	for round := 1; round <= r.set.rounds; round++ {
		if r.wantsNew(round) {
			if err := r.startAnew(ctx); err != nil {
				return err
			}
		}
		for first := 0; first < len(r.entrants); first += n {
			for _, i := range order(n, round) {
				e := r.entrants[first+i]
				r.tell("round %d of %d  %s  about %s left", round, r.set.rounds, e.label(), left.Round(time.Second))
				if err := r.sample(ctx, round, e); err != nil {
					return fmt.Errorf("%s, round %d: %w", e.label(), round, e.orItsEnd(err))
				}
				left -= r.scenario.turnTime(r.set)
			}
		}
	}
	return nil
}

// sample lets an entrant have its turn.
func (r *rig) sample(ctx context.Context, round int, e *entrant) error {
	r.note("--- round %d, %s", round, e.label())
	s, err := r.scenario.turn(ctx, r, e)
	if err != nil {
		return err
	}
	for key, value := range s {
		s[key] = significant(value)
	}
	e.samples = append(e.samples, s)
	return nil
}

// wantsNew reports whether the entrants are to have other processes from this
// round on.
func (r *rig) wantsNew(round int) bool {
	every := r.set.restart
	return every > 0 && round > 1 && (round-1)%every == 0 && !r.scenario.fresh()
}

// startAnew gives every entrant another process.
func (r *rig) startAnew(ctx context.Context) error {
	for _, e := range r.entrants {
		r.end(e)
	}
	return r.warmUp(ctx)
}

// orItsEnd returns why the entrant's process has ended, which is what a failed
// measurement comes from if it has, and otherwise err.
func (e *entrant) orItsEnd(err error) error {
	if e.process == nil {
		return err
	}
	select {
	case <-e.process.ended:
		return e.process.failure()
	default:
		return err
	}
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
