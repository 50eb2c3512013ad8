package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/pool"
)

const whichBackend = `BACKEND is its address as "proxy status" shows it; --pool says in which pool, when it is
in several.`

func newDrain(s *source) *cobra.Command {
	return backendCommand(s, "/drain", cobra.Command{
		Use:   "drain BACKEND",
		Short: "Keep new requests away from a backend",
		Long: `Drain keeps new requests away from a backend; those in progress come to their end.
It holds until "proxy undrain", through every reload and upgrade. The last backend that can
take requests is only drained with --force. ` + whichBackend,
		Example: "  proxy drain 10.0.0.11:9001\n  proxy drain 10.0.0.11:9001 --pool api --force",
	})
}

func newUndrain(s *source) *cobra.Command {
	return backendCommand(s, "/undrain", cobra.Command{
		Use:     "undrain BACKEND",
		Short:   "Give a backend that was drained requests again",
		Long:    "Undrain takes back what drain did. " + whichBackend,
		Example: "  proxy undrain 10.0.0.11:9001",
	})
}

func newWeight(s *source) *cobra.Command {
	return backendCommand(s, "/weight", cobra.Command{
		Use:   "weight BACKEND N|default",
		Short: "Change the weight of a backend",
		Long: `Weight gives a backend another share of the requests than the configuration does. It holds
through every reload and upgrade, until "default" gives the configuration its say again. ` + whichBackend,
		Example: "  proxy weight 10.0.0.11:9001 3\n  proxy weight 10.0.0.11:9001 default",
	})
}

// backendCommand makes a command of an action on a backend.
func backendCommand(s *source, path string, cmd cobra.Command) *cobra.Command {
	var f operatorFlags
	var q engine.BackendRequest
	wanted := 1
	if path == "/weight" {
		wanted = 2
	}
	f.add(&cmd)
	cmd.Flags().StringVar(&q.Pool, "pool", "", "pool of the backend, when it is in several")
	if path == "/drain" {
		cmd.Flags().BoolVar(&q.Force, "force", false, "drain it even when nothing else can take requests")
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != wanted {
			return seeHelp(cmd, fmt.Errorf("want %s", cmd.Use))
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		q.Backend = args[0]
		if len(args) > 1 {
			if q.Weight, err = parseWeight(args[1]); err != nil {
				return seeHelp(cmd, err)
			}
		}
		var a engine.BackendAnswer
		return f.do(s, cmd, request{"POST", path, q, &a}, func(w io.Writer) error { return printBackend(w, &a) })
	}
	return &cmd
}

func parseWeight(text string) (*int, error) {
	n, err := strconv.Atoi(text)
	if text == "default" {
		n, err = 0, nil
	} else if n == 0 {
		err = errors.New("no weight")
	}
	if err != nil {
		return nil, fmt.Errorf("%q is not a weight (want a whole number from 1, or default)", text)
	}
	return &n, nil
}

func printBackend(w io.Writer, a *engine.BackendAnswer) error {
	b := &a.Backend
	if b.State == "" {
		_, err := fmt.Fprintf(w, "%s is not in pool %s now\n", printable(b.Addr), printable(a.Pool))
		return err
	}
	if _, err := fmt.Fprintf(w, "%s in pool %s is %s with weight %d and %d requests in progress; %d backends of the pool can take requests\n",
		printable(b.Addr), printable(a.Pool), printable(loud(b.State)), b.Weight, b.Inflight, a.Eligible); err != nil {
		return err
	}
	if h := a.Headroom; b.State == pool.Draining.String() {
		_, err := fmt.Fprintf(w, "the others have %.0f%% of the weight that could take requests before, and room for %d of which %d are taken\n",
			100*h.WeightShare, h.MaxConns, h.Inflight)
		return err
	}
	return nil
}
