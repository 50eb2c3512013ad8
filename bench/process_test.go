//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func shell(t *testing.T, script string) command {
	return command{args: []string{"/bin/sh", "-c", script}, output: filepath.Join(t.TempDir(), "output")}
}

// The end of a failed program is told with what the program said.
func TestExecuteFailure(t *testing.T) {
	err := execute(t.Context(), shell(t, "echo no such luck >&2; exit 3"))
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no such luck")
}

// A program that still runs when the context ends is stopped, with its
// children.
func TestExecuteStops(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := shell(t, "sleep 600 & echo $!; wait")
	finished := make(chan error, 1)
	go func() { finished <- execute(ctx, c) }()

	var child int
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(c.output)
		n, _ := fmt.Sscan(string(text), &child)
		return err == nil && n == 1
	}, 10*time.Second, time.Millisecond)
	cancel(why)
	require.ErrorIs(t, <-finished, why)
	require.Eventually(t, func() bool { return !running(child) }, 10*time.Second, time.Millisecond)
}

// running reports whether a process is there and not a zombie, which is all
// that a child can be for a moment when its parent has ended before it.
func running(pid int) bool {
	all, err := tree(pid)
	if err != nil {
		return false
	}
	_, err = treeRSS(all[0].pid)
	return err == nil
}

// A process that is deaf to SIGTERM is ended all the same.
func TestStopKills(t *testing.T) {
	p, err := start(shell(t, `trap "" TERM; echo deaf; while :; do sleep 1; done`))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return string(tail(p.output)) == "deaf" }, 10*time.Second, time.Millisecond)
	p.stop()
	require.ErrorContains(t, p.err, "killed")
	p.stop()
}

// A process runs on the CPUs it was given, and the rig goes on with its own.
func TestCPUs(t *testing.T) {
	cpus, err := place()
	require.NoError(t, err)
	if cpus.proxy == nil {
		t.Skip("needs two CPUs")
	}
	var before, during, after unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &before))
	c := command{args: []string{"/bin/sleep", "600"}, output: filepath.Join(t.TempDir(), "output")}
	c.cpus = cpus.proxy
	p, err := start(c)
	require.NoError(t, err)
	defer p.stop()
	require.NoError(t, unix.SchedGetaffinity(p.pid(), &during))
	require.Equal(t, 1, during.Count())
	require.True(t, during.IsSet(cpus.proxy[0]))
	require.NoError(t, unix.SchedGetaffinity(0, &after))
	require.Equal(t, before, after)
}
