//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// stat is where a process stands among the others.
type stat struct {
	pid, parent int
}

// parseStat reads the text of a /proc/PID/stat.
func parseStat(text string) (stat, error) {
	// The second field is the program's name in parentheses, which may itself
	// hold spaces and parentheses.
	head, rest, ok := cutLast(text, ")")
	pid, _, _ := strings.Cut(head, " ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 2 {
		return stat{}, fmt.Errorf("not a process's stat: %q", text)
	}
	var u stat
	var err error
	if u.pid, err = strconv.Atoi(pid); err != nil {
		return stat{}, fmt.Errorf("not a process's stat: %w", err)
	}
	if u.parent, err = strconv.Atoi(fields[1]); err != nil {
		return stat{}, fmt.Errorf("not a process's stat: %w", err)
	}
	return u, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// parseRSS reads the resident memory, in bytes, from the text of a
// /proc/PID/status.
func parseRSS(status string) (int64, error) {
	for line := range strings.Lines(status) {
		value, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("VmRSS: %w", err)
		}
		return kib << 10, nil
	}
	return 0, errors.New("a process's status without VmRSS")
}

// tree returns the process root and all that descend from it.
func tree(root int) ([]stat, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]stat{}
	var found []stat
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended since.
		}
		u, err := parseStat(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		children[u.parent] = append(children[u.parent], u)
		if u.pid == root {
			found = append(found, u)
		}
	}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].pid]...)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("process %d is gone", root)
	}
	return found, nil
}

// treeCPU returns the CPU time that the process root and its descendants have
// used so far. /proc has it in hundredths of a second, which is too coarse for
// turns of a second; the same count is there as a clock of each process.
func treeCPU(root int) (time.Duration, error) {
	all, err := tree(root)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, u := range all {
		used, err := processClock(u.pid)
		if err != nil {
			return 0, fmt.Errorf("CPU time of process %d: %w", u.pid, err)
		}
		sum += used
	}
	return sum, nil
}

// processClock reads the clock that counts the CPU time of all threads of a
// process, ended ones too; clock_getcpuclockid(3) makes its number like this.
func processClock(pid int) (time.Duration, error) {
	const schedulerTime = 2
	var now unix.Timespec
	err := unix.ClockGettime(^int32(pid)<<3|schedulerTime, &now)
	return time.Duration(now.Nano()), err
}

// treeRSS returns the resident memory of the process root and its descendants,
// in bytes. Pages they share count once for each.
func treeRSS(root int) (int64, error) {
	all, err := tree(root)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, u := range all {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", u.pid))
		if err != nil {
			return 0, err
		}
		rss, err := parseRSS(string(text))
		if err != nil {
			return 0, fmt.Errorf("process %d: %w", u.pid, err)
		}
		sum += rss
	}
	return sum, nil
}
