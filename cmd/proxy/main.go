// Command proxy is an HTTP reverse proxy. See the README for its configuration.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
)

func main() {
	err := newCommand().Execute()
	if code := exitCode(0); errors.As(err, &code) {
		os.Exit(int(code))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}

// source is where a command takes its configuration from.
type source struct {
	path string
	set  []string
}

func (s *source) load() (*config.Config, error) {
	return config.Load(s.path, s.with())
}

// with is what the configuration is made of beside its file.
func (s *source) with() config.Source {
	return config.Source{Env: os.Environ(), Set: s.set, Strategies: pool.Strategies()}
}

func newCommand() *cobra.Command {
	var s source
	root := &cobra.Command{
		Use:   "proxy",
		Short: "An HTTP reverse proxy that costs little and says why",
		Long: `An HTTP reverse proxy that costs little and says why.

Without a command it does what "proxy run" does.`,
		Version:       engine.Version(),
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(seeHelp)
	root.SetVersionTemplate("goproxyreverso {{.Version}}\n")
	root.PersistentFlags().StringVarP(&s.path, "config", "c", "proxy.yaml", "configuration file")
	root.PersistentFlags().StringArrayVar(&s.set, "set", nil,
		"override a setting, as in --set timeouts.connect=1s; may be repeated")
	_ = root.MarkPersistentFlagFilename("config", "yaml", "yml")
	addRun(root, &s)
	root.AddCommand(newRun(&s), newCheck(&s), newStatus(&s), newPlan(&s), newReload(&s),
		newDrain(&s), newUndrain(&s), newWeight(&s), newVersion())
	return root
}

// noArgs is how all commands take arguments: not at all.
func noArgs(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return seeHelp(cmd, err)
	}
	return nil
}

// seeHelp adds to an error of usage where the right one is described.
func seeHelp(cmd *cobra.Command, err error) error {
	return hint{err, "see " + cmd.CommandPath() + " --help"}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "goproxyreverso %s\n", engine.Version())
			return err
		},
	}
}
