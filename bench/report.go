//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is everything that is told about a scenario, in the form of its JSON.
type report struct {
	setting
	Scenario string  `json:"scenario"`
	About    string  `json:"about"`
	Rounds   int     `json:"rounds"`
	Seconds  float64 `json:"seconds_per_turn"`

	Results     []result     `json:"results,omitempty"`
	Comparisons []comparison `json:"comparisons,omitempty"`

	rig *rig
}

// setting is what all scenarios have in common.
type setting struct {
	Started   time.Time   `json:"started"`
	Command   string      `json:"command"`
	Machine   machine     `json:"machine"`
	Programs  []versioned `json:"programs"`
	Missing   []string    `json:"missing,omitempty"`
	Load      string      `json:"load_average_before"` // of the machine, when nothing of ours ran yet
	Placement string      `json:"placement"`
}

// versioned is a program and what its version is.
type versioned struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func thisSetting(cpus placement) setting {
	s := setting{
		Started:   time.Now().UTC().Truncate(time.Second),
		Command:   "go run ./bench " + strings.Join(os.Args[1:], " "),
		Machine:   thisMachine(),
		Load:      loadAverage(),
		Placement: "all on the only CPU",
	}
	if cpus.proxy != nil {
		s.Placement = fmt.Sprintf("contenders on CPU %v, backends and load generators on CPU %v", cpus.proxy, cpus.load)
	}
	return s
}

func (s *setting) program(name, version string) {
	s.Programs = append(s.Programs, versioned{name, version})
}

func (s *setting) missing(format string, args ...any) {
	s.Missing = append(s.Missing, fmt.Sprintf(format, args...))
}

func newReport(r *rig) *report {
	return &report{
		setting:  r.kit.setting,
		Scenario: r.scenario.name,
		About:    r.scenario.about,
		Rounds:   r.set.rounds,
		Seconds:  r.set.duration.Seconds(),
		rig:      r,
	}
}

// write prints the report: what a reader has to know before the numbers, then
// the numbers as the table has them.
func (r *report) write(w io.Writer, table func(io.Writer, *report)) {
	fmt.Fprintf(w, "%s\n", r.Command)
	fmt.Fprintf(w, "%s, load average before %s\n", r.Started.Format(time.RFC3339), r.Load)
	fmt.Fprintf(w, "%s, %d cores, %s, %s\n", r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, r.Machine.Go)
	for _, p := range r.Programs {
		fmt.Fprintf(w, "  %-16s%s\n", p.Name, p.Version)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "MISSING: %s\n", m)
	}
	fmt.Fprintf(w, "%s\n", r.Placement)
	fmt.Fprintf(w, "scenario %s: %s\n", r.Scenario, r.About)
	fmt.Fprintf(w, "%d rounds, turns of %gs\n", r.Rounds, r.Seconds)
	if n := r.rig.set.connections; n > 0 {
		fmt.Fprintf(w, "%d connections instead of the scenario's own\n", n)
	}
	if r.rig.rate > 0 {
		fmt.Fprintf(w, "%d requests per second\n", r.rig.rate)
	}
	fmt.Fprintln(w)
	table(w, r)
	fmt.Fprintln(w)
}

// save writes the report to files in a folder: NAME.json, and NAME.txt with what
// the load generators printed. Without a folder it does nothing.
func (r *report) save(folder string, table func(io.Writer, *report)) error {
	if folder == "" {
		return nil
	}
	numbers, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	var text bytes.Buffer
	r.write(&text, table)
	text.Write(r.rig.raw.Bytes())
	path := filepath.Join(folder, r.Scenario)
	if err := writeWhole(path+".json", append(numbers, '\n')); err != nil {
		return err
	}
	return writeWhole(path+".txt", text.Bytes())
}

// writeWhole writes a file whole or not at all, and makes its folder.
func writeWhole(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".tmp", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
