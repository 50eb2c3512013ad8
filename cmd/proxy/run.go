package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
)

func newRun(s *source) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the proxy",
		Long: `Run serves until it gets SIGTERM or SIGINT. It then stops accepting connections,
finishes the requests in progress for at most timeouts.shutdown, and exits with 0
when none had to be cut off. A second signal exits at once.`,
		Example: `  proxy run --config /etc/proxy.yaml
  proxy run --demo
  proxy run --set listen_addr=:9090 --set rate_limit.rps=0`,
		Args: noArgs,
	}
	addRun(cmd, s)
	return cmd
}

// addRun makes cmd run the proxy, with the flags for that.
func addRun(cmd *cobra.Command, s *source) {
	demo := cmd.Flags().Bool("demo", false,
		"start an echo backend on each loopback address of a backend that nobody listens on")
	cmd.RunE = func(*cobra.Command, []string) error { return run(s, *demo) }
}

func run(s *source, demo bool) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	c, err := s.load()
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // who read the log may go; the proxy stays
	ctx, cancel := stopOnSignal(log)
	defer cancel()
	if demo {
		backends, err := startDemo(c, log)
		if err != nil {
			return err
		}
		defer backends.close()
	}
	e, err := engine.New(c, log)
	if err != nil {
		return err
	}
	if err := e.Listen(); err != nil {
		return explainListen(err)
	}
	return e.Serve(ctx)
}

// stopOnSignal returns a context that ends with the first SIGTERM or SIGINT. The
// second ends the process.
func stopOnSignal(log *slog.Logger) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		for n := 0; ; n++ {
			got := <-signals
			if n > 0 {
				log.Error("second signal, exiting at once", "signal", got.String())
				os.Exit(1)
			}
			cancel()
		}
	}()
	return ctx, cancel
}

// explainListen adds to an error of listening what can be done about it.
func explainListen(err error) error {
	switch {
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
