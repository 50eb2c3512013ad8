//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// settings is what the command line asks for.
type settings struct {
	scenario   scenario
	contenders []contender

	rounds      int
	duration    time.Duration // of each load generator in each turn; whole seconds, as wrk has it
	connections int           // that wrk keeps busy
	rate        int           // requests per second that vegeta sends

	jsonPath string // where all numbers go; "" for nowhere
	rawDir   string // where the tools' own output goes; "" for nowhere
}

func parseSettings(args []string, stderr io.Writer) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&set.rounds, "rounds", 5, "rounds; each contender has one turn in each")
	flags.DurationVar(&set.duration, "duration", 2*time.Second, "time of each load generator in a turn, whole seconds")
	flags.IntVar(&set.connections, "connections", 64, "connections wrk keeps busy")
	flags.IntVar(&set.rate, "rate", 2000, "requests per second of the latency measurement")
	scenarioName := flags.String("scenario", scenarios[0].name, "what is asked for: "+strings.Join(names(scenarios), ", "))
	contenderNames := flags.String("contenders", strings.Join(names(contenders), ","), "who is asked, by commas")
	flags.StringVar(&set.jsonPath, "json", "bench/results/latest.json", `file for all numbers; "" for none`)
	flags.StringVar(&set.rawDir, "raw", "", "folder for the output of wrk and vegeta")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	picked, err := choose(scenarios, *scenarioName)
	if err != nil {
		return settings{}, fmt.Errorf("-scenario: %w", err)
	}
	if len(picked) != 1 {
		return settings{}, errors.New("-scenario: one at a time")
	}
	set.scenario = picked[0]
	if set.contenders, err = choose(contenders, *contenderNames); err != nil {
		return settings{}, fmt.Errorf("-contenders: %w", err)
	}
	return set, set.validate()
}

func (s settings) validate() error {
	switch {
	case s.rounds < 1 || s.rounds > 1000:
		return errors.New("-rounds: want 1 to 1000")
	case s.duration < time.Second || s.duration > time.Minute || s.duration%time.Second != 0:
		return errors.New("-duration: want whole seconds, 1s to 60s")
	case s.connections < 1 || s.connections > 1000:
		return errors.New("-connections: want 1 to 1000")
	case s.rate < 1:
		return errors.New("-rate: want at least 1")
	}
	return nil
}

// turnTime is about what one turn takes: both load generators and their start.
func (s settings) turnTime() time.Duration { return 2*s.duration + time.Second }

// bound is the time after which the rig gives up. It leaves room for a first
// build and for a machine that has other things to do.
func (s settings) bound() time.Duration {
	turns := (s.rounds + 1) * len(s.contenders)
	return 3*time.Minute + 2*time.Duration(turns)*s.turnTime()
}

// named is an element of one of the rig's lists.
type named interface{ title() string }

func (s scenario) title() string  { return s.name }
func (c contender) title() string { return c.name }

func names[T named](list []T) []string {
	var all []string
	for _, v := range list {
		all = append(all, v.title())
	}
	return all
}

// choose returns the elements of list that wanted names, separated by commas.
func choose[T named](list []T, wanted string) ([]T, error) {
	var chosen []T
	for w := range strings.SplitSeq(wanted, ",") {
		w = strings.TrimSpace(w)
		i := slices.IndexFunc(list, func(v T) bool { return v.title() == w })
		if i < 0 {
			return nil, fmt.Errorf("unknown name %q (want %s)", w, strings.Join(names(list), ", "))
		}
		if slices.Contains(names(chosen), w) {
			return nil, fmt.Errorf("%q is named twice", w)
		}
		chosen = append(chosen, list[i])
	}
	return chosen, nil
}
