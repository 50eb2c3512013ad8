//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// bench takes a whole measurement, from the search for programs to the chart. A
// scenario that fails does not keep the next ones from being measured.
func bench(ctx context.Context, set settings, stdout, stderr io.Writer) error {
	k, err := newKit(ctx, set)
	if err != nil {
		return err
	}
	defer k.close()
	if err := k.addContenders(ctx, set.contenders, stderr); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "about %s in all, at most %s\n", set.time().Round(time.Second), set.bound.Round(time.Second))
	var failed error
	measured := 0
	for _, s := range set.scenarios {
		err := k.bench(ctx, set, s.with(set), stdout, stderr)
		var absent missingError
		switch {
		case err == nil:
			measured++
		case ctx.Err() != nil:
			return err
		case errors.As(err, &absent):
			fmt.Fprintf(stderr, "%s is left out: %s\n", s.name, err)
		default:
			fmt.Fprintf(stderr, "%s failed: %s\n", s.name, err)
			failed = errors.Join(failed, fmt.Errorf("scenario %s: %w", s.name, err))
		}
	}
	if measured == 0 && failed == nil {
		return errors.New("nothing was measured")
	}
	return errors.Join(failed, drawResults(set.results))
}

// bench measures one scenario and tells what came out.
func (k *kit) bench(ctx context.Context, set settings, s scenario, stdout, stderr io.Writer) error {
	rep, err := k.measure(ctx, set, s, stderr)
	if err != nil {
		return err
	}
	rep.Results = summarize(rep.rig)
	rep.write(stdout, writeTable)
	return rep.save(set.results, writeTable)
}

// measure runs one scenario with all programs of the kit. When it returns,
// nothing of it runs any more.
func (k *kit) measure(ctx context.Context, set settings, s scenario, progress io.Writer) (*report, error) {
	if err := k.lacks(s); err != nil {
		return nil, err
	}
	r, err := newRig(set, s, k, progress)
	if err != nil {
		return nil, err
	}
	defer r.close()
	rep := newReport(r)
	if err := r.startBackends(ctx); err != nil {
		return nil, err
	}
	if err := r.warmUp(ctx); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, r); err != nil {
		return nil, err
	}
	return rep, r.rounds(ctx)
}
