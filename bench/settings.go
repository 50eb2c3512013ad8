//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// settings is what the command line asks for.
type settings struct {
	scenarios  []scenario
	contenders []contender
	base       string // commit to compare with; "" measures the contenders

	rounds      int
	restart     int           // rounds after which all processes are started anew; 0 for never
	duration    time.Duration // of the load in each turn; whole seconds, as wrk has it
	connections int           // that the load generator has open; 0 leaves it to the scenario
	rate        int           // requests per second of constantRate; 0 is half of what nginx can do
	silence     time.Duration // of idle

	results string        // folder for all numbers; "" for nowhere
	bound   time.Duration // of everything
}

const intro = `bench measures the proxy beside its peers, on this machine, now.

  go run ./bench [flags]          the contenders, in the scenarios
  go run ./bench compare [flags]  the proxy built from another commit and from the files as they are

The parts of the rig are subcommands too: backend, floor, httputil.
`

// parseSettings reads the arguments, of which the first may be "compare".
func parseSettings(args []string, stderr io.Writer) (settings, error) {
	comparing := len(args) > 0 && args[0] == "compare"
	set := settings{contenders: contenders}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { usage(flags, stderr) }

	scenarioNames := flags.String("scenario", scenarios[0].name, `what is asked for, by commas, or "all"`)
	contenderNames := strings.Join(names(contenders), ",")
	rounds, duration, results := 5, 2*time.Second, "bench/results"
	if comparing {
		args = args[1:]
		rounds, duration, results = 20, time.Second, ""
		flags.StringVar(&set.base, "base", "HEAD", "the `commit` to compare with, by any name git knows")
		flags.IntVar(&set.restart, "restart", 1, "rounds after which both builds are started anew; 0 for never")
	} else {
		flags.StringVar(&contenderNames, "contenders", contenderNames, "who is asked, by commas")
	}
	flags.IntVar(&set.rounds, "rounds", rounds, "rounds; everybody has one turn in each")
	flags.DurationVar(&set.duration, "duration", duration, "of the load in a turn, whole seconds")
	flags.IntVar(&set.connections, "connections", 0, "connections of the load; 0 leaves it to the scenario")
	flags.IntVar(&set.rate, "rate", 0, "requests per second of the scenario latency; 0 is half of what nginx can do")
	flags.DurationVar(&set.silence, "silence", 15*time.Second, "of the connections in the scenario idle")
	flags.StringVar(&set.results, "results", results, "`folder` for all numbers; \"\" for none")
	flags.DurationVar(&set.bound, "bound", 0, "time after which everything is given up; 0 is three minutes and twice what it should take")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var err error
	if *scenarioNames == "all" {
		*scenarioNames = strings.Join(names(scenarios), ",")
	}
	if set.scenarios, err = choose(scenarios, *scenarioNames); err != nil {
		return settings{}, fmt.Errorf("-scenario: %w", err)
	}
	if set.contenders, err = choose(contenders, contenderNames); err != nil {
		return settings{}, fmt.Errorf("-contenders: %w", err)
	}
	if set.bound == 0 {
		set.bound = 3*time.Minute + 2*set.time()
	}
	return set, set.validate(comparing)
}

func (s settings) validate(comparing bool) error {
	switch {
	case comparing && s.base == "":
		return errors.New("-base: name a commit")
	case s.rounds < 1 || s.rounds > 1000:
		return errors.New("-rounds: want 1 to 1000")
	case s.restart < 0:
		return errors.New("-restart: want 0 or more")
	case s.duration < time.Second || s.duration > time.Minute || s.duration%time.Second != 0:
		return errors.New("-duration: want whole seconds, 1s to 60s")
	case s.connections < 0 || s.connections > 50000:
		return errors.New("-connections: want 0 to 50000")
	case s.rate < 0:
		return errors.New("-rate: want 0 or more")
	case s.silence < 0 || s.silence > time.Minute:
		return errors.New("-silence: want 0s to 60s, which no contender takes for the end")
	case s.bound < 0:
		return errors.New("-bound: want a positive time")
	}
	return nil
}

// comparing reports whether two builds are to be measured.
func (s settings) comparing() bool { return s.base != "" }

// time is about how long all scenarios take.
func (s settings) time() time.Duration {
	n := len(s.contenders)
	if s.comparing() {
		n = 2
	}
	var sum time.Duration
	for _, c := range s.scenarios {
		sum += c.time(s, n)
	}
	return sum
}

// usage explains everything.
func usage(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, intro, "\nScenarios:\n")
	for _, s := range scenarios {
		fmt.Fprintf(w, "  %-13s %s\n", s.name, s.about)
	}
	fmt.Fprintf(w, "\nContenders: %s. One that is not installed is left out.\n", strings.Join(names(contenders), ", "))
	fmt.Fprint(w, "\nFlags:\n")
	flags.PrintDefaults()
	fmt.Fprint(w, "\nTables go to standard output, progress to standard error. How it measures and what\nthe numbers mean: go doc ./bench\n")
}
