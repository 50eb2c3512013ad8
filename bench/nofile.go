//go:build linux

package main

import (
	"fmt"
	"syscall"
)

// allowFiles lets this process, and those it starts from now on, have at least n
// files open. Set by the syscall package it is passed on, which Go would not do
// with the limit it gives itself.
func allowFiles(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	most := limit.Max
	limit.Cur, limit.Max = max(limit.Cur, n), max(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("%d open files are needed, and %d allowed (ulimit -Hn): %w", n, most, err)
	}
	return nil
}
