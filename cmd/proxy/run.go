package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/engine/filewatch"
)

func newRun(s *source) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the proxy",
		Long: `Run serves until it gets SIGTERM or SIGINT. It then stops accepting connections,
finishes the requests in progress for at most timeouts.shutdown, and exits with 0
when none had to be cut off. A second signal exits at once.

SIGHUP reads the configuration again; with --watch, so does a change of the file.
SIGUSR1 opens the access log again, for who has moved it away.
SIGUSR2 starts the program again, from the same path, and hands the sockets over
to it: that is how a new version is put in place without refusing or breaking
anything.`,
		Example: `  proxy run --config /etc/proxy.yaml
  proxy run --config /etc/proxy.yaml --watch
  proxy run --demo
  proxy run --set listen_addr=:9090 --set rate_limit.rps=0`,
		Args: noArgs,
	}
	addRun(cmd, s)
	return cmd
}

// addRun makes cmd run the proxy, with the flags for that.
func addRun(cmd *cobra.Command, s *source) {
	var o runOptions
	cmd.Flags().BoolVar(&o.demo, "demo", false,
		"start an echo backend on each loopback address of a backend that nobody listens on")
	cmd.Flags().BoolVar(&o.watch, "watch", false, "reload when the configuration file has changed")
	cmd.Flags().StringVar(&o.pidFile, "pid-file", "", "write the process id to this file once it serves, after an upgrade too")
	cmd.RunE = func(*cobra.Command, []string) error { return run(s, o) }
}

type runOptions struct {
	demo    bool
	watch   bool
	pidFile string
}

func run(s *source, o runOptions) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	signals := notify()
	if o.watch { // before the file is read: no change can come in between
		watcher, err := filewatch.New([]string{s.path}, func() { signals <- syscall.SIGHUP })
		if err != nil {
			return err
		}
		defer watcher.Close()
	}
	c, err := s.load()
	if err != nil {
		return err
	}
	if o.demo {
		backends, err := startDemo(c, log)
		if err != nil {
			return err
		}
		defer backends.close()
	}
	sockets, err := newSockets(o.pidFile)
	if err != nil {
		return err
	}
	defer sockets.upgrader.Stop()
	e, err := engine.New(c, log)
	if err != nil {
		return err
	}
	e.Path, e.Source, e.Open = s.path, s.with(), sockets.open
	if err := sockets.restore(e); err != nil {
		log.Warn("the state of the process before this one is lost", "error", err)
	}
	if err := e.Listen(); err != nil {
		return explainListen(err)
	}
	for name := range sockets.given {
		log.Warn("no listener has the address of a socket that the service manager gave", "socket", name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	v := &service{engine: e, sockets: sockets, log: log, stop: cancel}
	go v.obey(ctx, signals)
	v.running.Go(func() { v.becomeReady(ctx) })
	v.running.Go(func() { feedWatchdog(ctx, log, e.Alive) })
	err = e.Serve(ctx)
	cancel()
	v.running.Wait()
	return err
}

// explainListen adds to an error of listening what can be done about it.
func explainListen(err error) error {
	var file *fs.PathError
	var op *net.OpError
	switch {
	case errors.As(err, &file):
		return err // of the access log
	case errors.As(err, &op) && op.Net == "unix" && (errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOENT)):
		return hint{err, "the directory of the socket must be there and writable"}
	case errors.Is(err, syscall.EADDRINUSE):
		return hint{err, "another process listens there; choose another address or stop it"}
	case errors.Is(err, syscall.EACCES):
		return hint{err, "ports below 1024 need the capability CAP_NET_BIND_SERVICE"}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return hint{err, "no interface of this machine has that address"}
	}
	return err
}

// hint is an error with what can be done about it.
type hint struct {
	error
	todo string
}

func (h hint) Error() string { return h.error.Error() + " (" + h.todo + ")" }
func (h hint) Unwrap() error { return h.error }
