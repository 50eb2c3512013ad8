//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leftovers are the rig's folders that are there.
func leftovers(t *testing.T) []string {
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "bench-*"))
	require.NoError(t, err)
	return found
}

// A whole measurement leaves a table, its files and nothing else: no process, no
// folder, no thread that is kept from a CPU.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	if _, err := installed("wrk", ""); err != nil {
		t.Skip(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	cpus, err := place()
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "results")
	set, err := parseSettings([]string{
		"-scenario", "small", "-contenders", "floor", "-rounds", "1", "-duration", "1s", "-results", folder,
	}, &bytes.Buffer{})
	require.NoError(t, err)

	var stdout, stderr bytes.Buffer
	require.NoError(t, bench(t.Context(), set, &stdout, &stderr), "%s", &stderr)
	require.Regexp(t, `CPU µs per request +median .*\n  floor +\d+\.\d\d .* 1\.00 `, stdout.String())
	require.Contains(t, stdout.String(), "errors: floor 0\n")
	require.Contains(t, stderr.String(), "round 1 of 1  floor")

	text, err := os.ReadFile(filepath.Join(folder, "small.json"))
	require.NoError(t, err)
	var rep report
	require.NoError(t, json.Unmarshal(text, &rep))
	require.Equal(t, "small", rep.Scenario)
	require.Len(t, rep.Results, 1)
	require.Len(t, rep.Results[0].Rounds, 1)
	require.Positive(t, rep.Results[0].Figures[cpuPerRequest.key].Median)

	text, err = os.ReadFile(filepath.Join(folder, "small.txt"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), stdout.String()))
	require.Contains(t, string(text), "Requests/sec:")
	require.NoFileExists(t, filepath.Join(folder, "comparison.svg"), "nothing to compare with")

	require.Empty(t, leftovers(t))
	require.Len(t, children(t), 0)
	after, err := place()
	require.NoError(t, err)
	require.Equal(t, cpus, after)
}

// A measurement that is told to end does so in the middle, and leaves nothing
// either.
func TestBenchStops(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a measurement")
	}
	if _, err := installed("wrk", ""); err != nil {
		t.Skip(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	set, err := parseSettings([]string{"-contenders", "floor", "-duration", "60s", "-results", ""}, &bytes.Buffer{})
	require.NoError(t, err)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	progress := watch{"round 1", func() { cancel(why) }}
	require.ErrorIs(t, bench(ctx, set, &bytes.Buffer{}, progress), why)
	require.Empty(t, leftovers(t))
	require.Len(t, children(t), 0)
}

// watch calls seen when it is written what it waits for.
type watch struct {
	want string
	seen func()
}

func (w watch) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.want)) {
		w.seen()
	}
	return len(p), nil
}

// children returns the processes below this one.
func children(t *testing.T) []stat {
	all, err := tree(os.Getpid())
	require.NoError(t, err)
	return all[1:]
}

// A tool that is missing takes its scenarios along, by name and with the line
// that installs it.
func TestLacks(t *testing.T) {
	k := kit{tools: map[string]string{"wrk": "/usr/bin/wrk"}}
	require.NoError(t, k.lacks(small))
	require.NoError(t, k.lacks(cold))
	require.ErrorContains(t, k.lacks(latency), "go install github.com/tsenart/vegeta")
	var absent missingError
	require.ErrorAs(t, k.lacks(latency), &absent)
}

// A contender that is missing is left out by name and with the line that installs
// it; without any there is nothing to measure.
func TestMissingContender(t *testing.T) {
	var k kit
	var progress bytes.Buffer
	none := contender{name: "none", find: findInstalled("no-such-program")}
	require.ErrorContains(t, k.addContenders(t.Context(), []contender{none}, &progress), "none of the contenders")
	require.Contains(t, progress.String(), "none is left out: no-such-program is not installed; to install it: apt-get install no-such-program")
	require.Len(t, k.setting.Missing, 1)

	require.NoError(t, (&kit{self: self(t)}).addContenders(t.Context(), []contender{none, floor}, &progress))
}

// A limit of open files that is raised is raised for the processes too.
func TestAllowFiles(t *testing.T) {
	require.NoError(t, allowFiles(1200))
	c := shell(t, "ulimit -n")
	require.NoError(t, execute(t.Context(), c))
	text, err := os.ReadFile(c.output)
	require.NoError(t, err)
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.GreaterOrEqual(t, limit, 1200)
	require.ErrorContains(t, allowFiles(1<<40), "ulimit -Hn")
}
