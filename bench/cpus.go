//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// placement says which CPUs a process may run on.
type placement struct {
	proxy []int // the contender whose turn it is; nil leaves the choice to the kernel
	load  []int // backends and load generators; nil leaves the choice to the kernel
}

// place gives the first CPU this process may use to the contenders and the
// others to the load, so that the load side is not what ends first. With a
// single CPU there is nothing to divide.
func place() (placement, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return placement{}, fmt.Errorf("read the allowed CPUs: %w", err)
	}
	var cpus []int
	for cpu := 0; len(cpus) < allowed.Count(); cpu++ {
		if allowed.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	if len(cpus) < 2 {
		return placement{}, nil
	}
	return placement{proxy: cpus[:1], load: cpus[1:]}, nil
}

// onCPUs runs start on a thread that is confined to cpus, which the processes
// that start creates inherit. With no cpus it just runs start.
func onCPUs(cpus []int, start func() error) error {
	if len(cpus) == 0 {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, wanted unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("read the allowed CPUs: %w", err)
	}
	for _, cpu := range cpus {
		wanted.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &wanted); err != nil {
		return fmt.Errorf("confine to CPUs %v: %w", cpus, err)
	}
	err := start()
	if back := unix.SchedSetaffinity(0, &before); back != nil && err == nil {
		err = fmt.Errorf("leave CPUs %v: %w", cpus, back)
	}
	return err
}

// confine keeps the rig itself to cpus, with all its threads, so that it does not
// get in the way of what it measures. The result undoes it.
func confine(cpus []int) (undo func(), err error) {
	var before, wanted unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("read the allowed CPUs: %w", err)
	}
	if len(cpus) == 0 {
		return func() {}, nil
	}
	for _, cpu := range cpus {
		wanted.Set(cpu)
	}
	// What fails on the way back can only be a thread that has ended.
	return func() { _ = confineThreads(&before) }, confineThreads(&wanted)
}

func confineThreads(cpus *unix.CPUSet) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, cpus); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("confine the rig to its CPUs: %w", err)
		}
	}
	return nil
}
