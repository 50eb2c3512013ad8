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
)

// tick is the unit of the times in /proc/PID/stat. Linux shows it to programs
// as a hundredth of a second whatever the kernel's own clock is.
const tick = 10 * time.Millisecond

// usage is what a process has used so far.
type usage struct {
	pid, parent int
	cpu         time.Duration // user and system, with that of its ended children
}

// parseUsage reads the text of a /proc/PID/stat.
func parseUsage(stat string) (usage, error) {
	// The second field is the program's name in parentheses, which may itself
	// hold spaces and parentheses.
	head, rest, ok := cutLast(stat, ")")
	pid, _, _ := strings.Cut(head, " ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 15 {
		return usage{}, fmt.Errorf("not a process's stat: %q", stat)
	}
	var n [6]int
	for i, field := range []string{pid, fields[1], fields[11], fields[12], fields[13], fields[14]} {
		var err error
		if n[i], err = strconv.Atoi(field); err != nil {
			return usage{}, fmt.Errorf("not a process's stat: %w", err)
		}
	}
	return usage{pid: n[0], parent: n[1], cpu: time.Duration(n[2]+n[3]+n[4]+n[5]) * tick}, nil
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

// tree returns the usage of the process root and of all that descend from it.
func tree(root int) ([]usage, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]usage{}
	var found []usage
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended since.
		}
		u, err := parseUsage(string(text))
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
// used so far.
func treeCPU(root int) (time.Duration, error) {
	all, err := tree(root)
	var sum time.Duration
	for _, u := range all {
		sum += u.cpu
	}
	return sum, err
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
