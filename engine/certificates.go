package engine

import (
	"errors"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/certs"
	"github.com/ESousa97/goproxyreverso/engine/config"
)

// certSpec says what the settings ask for in the words of certs.
func certSpec(c config.ListenerTLS) certs.Spec {
	s := certs.Spec{MinVersion: c.MinVersion, Ciphers: c.Ciphers, ClientCAFile: c.ClientCAFile, ClientAuth: c.ClientAuth}
	for _, f := range c.Certificates {
		s.Pairs = append(s.Pairs, certs.Pair{CertFile: f.CertFile, KeyFile: f.KeyFile})
	}
	return s
}

// CertificateProblems returns what is wrong with the certificates of all listeners
// at this time. Each text begins with the setting.
func CertificateProblems(c *config.Config, now time.Time) (problems []certs.Problem) {
	for i, l := range c.Listeners {
		if !l.TLS.On() {
			continue
		}
		for _, p := range certs.Check(certSpec(l.TLS), now) {
			p.Text = section(c, i) + "tls: " + p.Text
			problems = append(problems, p)
		}
	}
	return problems
}

// forbidding joins the problems with which nobody can be served to an error.
func forbidding(problems []certs.Problem) error {
	var errs []error
	for _, p := range problems {
		if !p.Warning {
			errs = append(errs, errors.New(p.Text))
		}
	}
	return errors.Join(errs...)
}
