//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"
)

// The two builds of a comparison.
const (
	baseName = "base"
	newName  = "new"
)

// compare measures the proxy built from another commit and from the files as
// they are, in turn.
func compare(ctx context.Context, set settings, stdout, stderr io.Writer) error {
	k, err := newKit(ctx, set)
	if err != nil {
		return err
	}
	defer k.close()
	if err := k.addBuilds(ctx, set.base, stderr); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "about %s in all, at most %s\n", set.time().Round(time.Second), set.bound.Round(time.Second))
	for _, s := range set.scenarios {
		s.without = nil
		rep, err := k.measure(ctx, set, s.with(set), stderr)
		if err != nil {
			return fmt.Errorf("scenario %s: %w", s.name, err)
		}
		rep.Comparisons = compareBuilds(rep.rig)
		rep.Scenario = "compare-" + s.name
		rep.write(stdout, writeComparison)
		if err := rep.save(set.results, writeComparison); err != nil {
			return err
		}
	}
	return nil
}

// addBuilds makes contenders of the two builds, which differ in nothing but
// their program.
func (k *kit) addBuilds(ctx context.Context, ref string, progress io.Writer) error {
	tree := filepath.Join(k.dir, "tree")
	commit, err := checkOut(ctx, ref, tree)
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "build %s, commit %.12s\n", baseName, commit)
	path, err := buildProxy(ctx, tree, filepath.Join(k.dir, "proxy-base"))
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	base, current := goproxyreverso, goproxyreverso
	base.name, current.name = baseName, newName
	base.version = func(ctx context.Context, path string) string {
		return fmt.Sprintf("%s, commit %.12s", builtFrom(ctx, path), commit)
	}
	k.add(ctx, base, path)
	fmt.Fprintf(progress, "build %s, the files as they are\n", newName)
	if path, err = buildProxy(ctx, ".", filepath.Join(k.dir, "proxy-new")); err != nil {
		return err
	}
	k.add(ctx, current, path)
	return nil
}

// comparison is how a figure of the new build stands to that of the base.
type comparison struct {
	Variant string `json:"variant,omitempty"`
	Figure  string `json:"figure"`

	Base  spread  `json:"base"`
	New   spread  `json:"new"`
	Ratio *spread `json:"new_to_base,omitempty"` // nil where the base gave nothing to divide by

	// Chance is how likely it is that two equal builds differ round by round as
	// consistently as these.
	Chance float64 `json:"chance"`

	BaseRounds []float64 `json:"base_rounds"`
	NewRounds  []float64 `json:"new_rounds"`

	figure figure
}

func compareBuilds(r *rig) []comparison {
	var all []comparison
	for _, v := range r.scenario.variants {
		of := func(name string) []sample {
			i := slices.IndexFunc(r.entrants, func(e *entrant) bool { return e.name == name && e.variant.name == v.name })
			return r.entrants[i].samples
		}
		for _, f := range r.scenario.figures() {
			before, after := each(of(baseName), f), each(of(newName), f)
			all = append(all, comparison{
				Variant: v.name, Figure: f.key, figure: f,
				Base: spreadOf(before), New: spreadOf(after), Ratio: ratio(after, before),
				Chance:     signTest(ratios(after, before)),
				BaseRounds: before, NewRounds: after,
			})
		}
	}
	return all
}
