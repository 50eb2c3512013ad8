package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/engine/config"
)

func newCheck(s *source) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and exit",
		Long: `Check builds everything the configuration asks for, without listening or
sending anything. It exits with 0 and prints one line when the configuration is
good; otherwise it exits with 1 and prints every problem with its file, line and
column. It also reads the certificates: one that clients would refuse is a problem, one
that they soon will is a warning.`,
		Example: "  proxy check --config /etc/proxy.yaml",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if _, err := engine.New(c, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
				return err
			}
			if err := checkCertificates(c, cmd.ErrOrStderr()); err != nil {
				return err
			}
			backends := 0
			for _, p := range c.Pools {
				backends += len(p.Backends)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good: %d pools, %d backends, %d routes\n",
				s.path, len(c.Pools), backends, len(c.Routes))
			return err
		},
	}
}

// checkCertificates returns every certificate that clients would refuse as an error,
// and warns of those that they soon will.
func checkCertificates(c *config.Config, warnings io.Writer) error {
	var problems []error
	for _, p := range engine.CertificateProblems(c, time.Now()) {
		if !p.Warning {
			problems = append(problems, errors.New(p.Text))
			continue
		}
		fmt.Fprintf(warnings, "proxy: warning: %s\n", p.Text)
	}
	return errors.Join(problems...)
}
