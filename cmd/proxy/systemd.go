package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// What the service manager is told, when there is one that wants to know.
const (
	managerReady     = daemon.SdNotifyReady
	managerReloading = daemon.SdNotifyReloading
	managerStopping  = daemon.SdNotifyStopping
)

// tellManager tells the service manager about the state of the service.
func tellManager(log *slog.Logger, state string) {
	switch state {
	case managerReady:
		state += fmt.Sprintf("\nMAINPID=%d", os.Getpid()) // after an upgrade it is another one
	case managerReloading:
		var now unix.Timespec
		if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
			state += fmt.Sprintf("\nMONOTONIC_USEC=%d", now.Nano()/1000)
		}
	}
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("cannot tell the service manager", "error", err)
	}
}

// feedWatchdog tells the service manager's watchdog that the process is well, for as
// long as alive says so and until ctx is done. Without a watchdog it does nothing.
func feedWatchdog(ctx context.Context, log *slog.Logger, alive func() bool) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("no watchdog", "error", err)
	}
	// The process that takes over from this one is to feed it too.
	_ = os.Unsetenv("WATCHDOG_PID")
	if interval == 0 {
		return
	}
	tick := time.NewTicker(interval / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if alive() {
				tellManager(log, daemon.SdNotifyWatchdog)
			}
		}
	}
}
