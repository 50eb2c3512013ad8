package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/engine/config"
)

func newReload(s *source) *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Make a running proxy read its configuration again",
		Long: `Reload makes the running proxy put its file to use as it is now: all of it, or, when
anything about it is wrong, nothing. Unlike SIGHUP it waits for the end and tells
what is wrong. It exits with 0 when the new configuration is in use.`,
		Example: "  proxy reload --config /etc/proxy.yaml\n  proxy reload --admin unix:/run/proxy/admin.sock",
		Args:    noArgs,
	}
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var in engine.ConfigStatus
		return f.do(s, cmd, request{"POST", "/reload", nil, &in}, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s is in use since %s\n", printable(in.Path), in.Loaded.Local().Format(time.DateTime))
			return err
		})
	}
	return cmd
}

func newPlan(s *source) *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a reload would change in a running proxy",
		Long: `Plan sends the configuration file to the running proxy, which tells what a reload
would change, and changes nothing. Its own variables and --set settings count, not
those of this command. The exit code is 0 when nothing would change, 2 when
something would, 3 when something of that takes a restart, and 1 for an error, such
as a configuration that would be refused.`,
		Example: "  proxy plan --config /etc/proxy.yaml\n  proxy plan --json",
		Args:    noArgs,
	}
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		data, err := readConfig(s.path)
		if err != nil {
			return err
		}
		var p engine.Plan
		if err := f.do(s, cmd, request{"POST", "/plan", data, &p}, func(w io.Writer) error { return printPlan(w, &p) }); err != nil {
			return err
		}
		return planCode(&p)
	}
	return cmd
}

// readConfig reads a configuration file, but not much more than it may have.
func readConfig(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, config.MaxBytes+1))
}

func printPlan(w io.Writer, p *engine.Plan) error {
	if len(p.Changes) == 0 {
		_, err := fmt.Fprintln(w, "nothing would change")
		return err
	}
	for _, c := range p.Changes {
		if _, err := fmt.Fprintln(w, printable(c.String())); err != nil {
			return err
		}
	}
	for _, b := range p.Pools {
		_, err := fmt.Fprintf(w, "pool %s: %d backends stay, %d are added, %d go and take %.0f%% of its weight with them\n",
			printable(b.Pool), b.Kept, b.Added, b.Removed, 100*b.Lost)
		if err != nil {
			return err
		}
	}
	return nil
}

// planCode returns the exit code for a plan, nil for 0.
func planCode(p *engine.Plan) error {
	switch {
	case p.Restart:
		return exitCode(3)
	case len(p.Changes) > 0:
		return exitCode(2)
	}
	return nil
}

// exitCode ends the program with a code and no message.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }
