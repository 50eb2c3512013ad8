package engine

import (
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
// at this time. Each text begins with the setting. A proxy starts with all that can
// be read and belongs together: one that refused to serve because a certificate has
// expired, or refused reloads that could put it right, would make matters worse.
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
