//go:build linux

package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process's name may hold anything, and its CPU time is user, system and both
// of its ended children, in hundredths of a second.
func TestParseUsage(t *testing.T) {
	got, err := parseUsage("8554 (nginx: (a) 1 R 2) S 8552 8552 7316 0 -1 4194304 98 0 0 0 150 25 3 2 20 0 1 0 81499 3133440 373 18446744073709551615\n")
	require.NoError(t, err)
	require.Equal(t, usage{pid: 8554, parent: 8552, cpu: 1800 * time.Millisecond}, got)
}

// Text that is no stat is refused.
func TestParseUsageRefuses(t *testing.T) {
	for _, text := range []string{"", "8554 cat R 8552", "8554 (cat) R 8552 8552", "8554 (cat) R x 8552 7316 0 -1 0 98 0 0 0 1 2 3 4 20"} {
		_, err := parseUsage(text)
		require.Error(t, err, text)
	}
}

// Resident memory is read in bytes.
func TestParseRSS(t *testing.T) {
	got, err := parseRSS("Name:\tcat\nVmHWM:\t    1808 kB\nVmRSS:\t    1708 kB\nThreads:\t1\n")
	require.NoError(t, err)
	require.EqualValues(t, 1708<<10, got)

	_, err = parseRSS("Name:\tkthreadd\nThreads:\t1\n")
	require.ErrorContains(t, err, "VmRSS")
}

// A tree holds the process itself and what it started.
func TestTree(t *testing.T) {
	p := startBackend(t)
	all, err := tree(os.Getpid())
	require.NoError(t, err)
	require.Equal(t, os.Getpid(), all[0].pid)
	var pids []int
	for _, u := range all {
		pids = append(pids, u.pid)
	}
	require.Contains(t, pids, p.pid())

	own, err := treeRSS(p.pid())
	require.NoError(t, err)
	both, err := treeRSS(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, both, own)

	p.stop()
	_, err = treeCPU(p.pid())
	require.ErrorContains(t, err, "gone")
}
