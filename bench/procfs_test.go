//go:build linux

package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process's name may hold anything, what looks like the end of it too.
func TestParseStat(t *testing.T) {
	got, err := parseStat("8554 (nginx: (a) 1 R 2) S 8552 8552 7316 0 -1 4194304 98 0 0 0 150 25 3 2 20 0 1 0\n")
	require.NoError(t, err)
	require.Equal(t, stat{pid: 8554, parent: 8552}, got)
}

// Text that is no stat is refused.
func TestParseStatRefuses(t *testing.T) {
	for _, text := range []string{"", "8554 cat R 8552", "8554 (cat) R", "8554 (cat) R x 8552", "x (cat) R 8552"} {
		_, err := parseStat(text)
		require.Error(t, err, text)
	}
}

// CPU time is counted while a process works, and finer than in hundredths of a
// second.
func TestTreeCPU(t *testing.T) {
	before, err := treeCPU(os.Getpid())
	require.NoError(t, err)
	require.Positive(t, before)
	require.NotZero(t, before%(10*time.Millisecond))
	require.Eventually(t, func() bool {
		after, err := treeCPU(os.Getpid())
		return err == nil && after > before
	}, 10*time.Second, time.Millisecond)
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
