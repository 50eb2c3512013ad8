//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Processes are started from the main thread alone, which lives as long as the
// rig does: the kernel ends a child when the thread that started it ends.
func init() { runtime.LockOSThread() }

// servers are the subcommands the rig starts itself as: they serve until they
// are ended, and return an exit code only when they cannot.
var servers = map[string]func(args []string, stderr io.Writer) int{
	"backend":  backendMain,
	"floor":    floorMain,
	"httputil": httputilMain,
}

func main() {
	if len(os.Args) > 1 {
		if serve := servers[os.Args[1]]; serve != nil {
			os.Exit(serve(os.Args[2:], os.Stderr))
		}
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run measures what args ask for and returns the exit code. The tables go to
// stdout, progress and complaints to stderr.
func run(args []string, stdout, stderr io.Writer) int {
	set, err := parseSettings(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	followGoRun()
	// More signals change nothing: the kernel may tell of the parent's end once for
	// each of its threads, and the way out is short.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, set.bound, fmt.Errorf("not done after %s (see -bound)", set.bound))
	defer cancel()

	measure := bench
	if set.comparing() {
		measure = compare
	}
	if err := measure(ctx, set, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// followGoRun lets the rig end with the go command that started it: go run
// passes no SIGTERM on, and would leave the rig and its processes behind.
func followGoRun() {
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", os.Getppid()))
	if err == nil && strings.TrimSpace(string(comm)) == "go" {
		// Without it the rig still works, and still has its bound in time.
		_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0)
	}
}
