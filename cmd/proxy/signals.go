package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/ESousa97/goproxyreverso/engine"
)

// service is the engine under the signals of an operator.
type service struct {
	engine  *engine.Engine
	sockets *sockets
	log     *slog.Logger

	stop    func() // makes Serve stop
	running sync.WaitGroup
}

// obey does what each signal asks for, until signals is closed. What takes its time
// does not hold up an order to stop.
func (s *service) obey(ctx context.Context, signals <-chan os.Signal) {
	stops := 0
	for got := range signals {
		switch got {
		case syscall.SIGHUP:
			s.running.Go(s.reload)
		case syscall.SIGUSR1:
			s.running.Go(s.reopen)
		case syscall.SIGUSR2:
			s.running.Go(func() { s.upgrade(ctx) })
		default:
			if stops++; stops > 1 {
				s.log.Error("second signal, exiting at once", "signal", got.String())
				os.Exit(1)
			}
			tellManager(s.log, managerStopping)
			s.stop()
		}
	}
}

// replace starts the process that takes over, and returns when it serves.
func (s *service) replace() error {
	state, err := s.engine.State()
	if err != nil {
		return err
	}
	return s.sockets.upgrade(state)
}

// becomeReady tells those who wait for it that the service is ready: when every
// backend was probed once.
func (s *service) becomeReady(ctx context.Context) {
	select {
	case <-s.engine.Ready():
	case <-ctx.Done():
		return
	}
	if err := s.sockets.upgrader.Ready(); err != nil {
		s.log.Error("not ready", "error", err)
	}
	tellManager(s.log, managerReady)
}

// notify returns a channel with the signals that the service obeys.
func notify() chan os.Signal {
	signal.Ignore(syscall.SIGPIPE) // who read the log may go; the proxy stays
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	return signals
}

// reload puts the file to use as it is now; how it went is in the log.
func (s *service) reload() {
	tellManager(s.log, managerReloading)
	_ = s.engine.Reload()
	tellManager(s.log, managerReady)
}

// reopen opens the access log again.
func (s *service) reopen() {
	if err := s.engine.ReopenAccessLog(); err != nil {
		s.log.Error("the access log stays where it is", "error", err, "setting", "access_log.path")
		return
	}
	s.log.Info("access log reopened")
}

// upgrade starts the program anew in a process that takes over. This one then ends
// as after an order to stop, but for clients nothing is closed. There are never
// more than two processes: one that has taken over waits for the end of the one
// before it, until ctx is done.
func (s *service) upgrade(ctx context.Context) {
	s.log.Info("upgrading", "program", os.Args[0])
	if s.sockets.upgrader.WaitForParent(ctx) != nil && ctx.Err() != nil {
		return
	}
	if err := s.replace(); err != nil {
		s.log.Error("upgrade failed, this process goes on; what the new one said is above", "error", err)
		return
	}
	s.log.Info("upgraded, the new process serves")
	s.engine.HandOver()
	s.stop()
}
