//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is everything that is told about a measurement, in the form of its
// JSON.
type report struct {
	Started  time.Time `json:"started"`
	Command  string    `json:"command"`
	Machine  machine   `json:"machine"`
	Programs []program `json:"programs"`
	Missing  []string  `json:"missing,omitempty"`

	Scenario    string  `json:"scenario"`
	About       string  `json:"about"`
	Placement   string  `json:"placement"`
	Rounds      int     `json:"rounds"`
	Seconds     float64 `json:"seconds_per_load_generator"`
	Connections int     `json:"wrk_connections"`
	Rate        int     `json:"vegeta_requests_per_second"`

	Contenders []result `json:"contenders"`
}

// program is a name and what its version is.
type program struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func newReport(set settings) *report {
	return &report{
		Started:     time.Now().UTC().Truncate(time.Second),
		Command:     "go run ./bench " + strings.Join(os.Args[1:], " "),
		Machine:     thisMachine(),
		Scenario:    set.scenario.name,
		About:       set.scenario.about,
		Rounds:      set.rounds,
		Seconds:     set.duration.Seconds(),
		Connections: set.connections,
		Rate:        set.rate,
	}
}

func (r *report) program(name, version string) {
	r.Programs = append(r.Programs, program{name, version})
}

func (r *report) missing(err error, so string) {
	r.Missing = append(r.Missing, fmt.Sprintf("%s (%s)", err, so))
}

func (r *report) place(p placement) {
	r.Placement = "all on the only CPU"
	if p.proxy != nil {
		r.Placement = fmt.Sprintf("contenders on CPU %v, backends and load generators on CPU %v", p.proxy, p.load)
	}
}

func (r *report) finish(entrants []*entrant) { r.Contenders = summarize(entrants) }

// writeHeader prints what a reader has to know before the numbers.
func (r *report) writeHeader(w io.Writer) {
	fmt.Fprintf(w, "%s\n", r.Command)
	fmt.Fprintf(w, "%s\n", r.Started.Format(time.RFC3339))
	fmt.Fprintf(w, "%s, %d cores, %s, %s\n", r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, r.Machine.Go)
	for _, p := range r.Programs {
		fmt.Fprintf(w, "  %-16s%s\n", p.Name, p.Version)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "MISSING: %s\n", m)
	}
	fmt.Fprintf(w, "scenario %s: %s\n", r.Scenario, r.About)
	fmt.Fprintf(w, "%s\n", r.Placement)
	fmt.Fprintf(w, "%d rounds; in each turn wrk for %gs over %d connections, vegeta for %gs at %d/s\n\n",
		r.Rounds, r.Seconds, r.Connections, r.Seconds, r.Rate)
}

// save writes the report to a file, whole or not at all. Without a path it does
// nothing.
func (r *report) save(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
