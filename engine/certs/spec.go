// Package certs is how the proxy speaks TLS with clients: which certificate it
// shows to whom, which clients it lets in by theirs, and how sessions are resumed.
// It follows the files it was made from as they change.
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Pair is a certificate with its chain, the leaf first, and its private key, both
// in files of PEM.
type Pair struct {
	CertFile, KeyFile string
}

// Spec is what a listener wants of TLS, as the configuration says it.
type Spec struct {
	Pairs []Pair // the first is shown to clients that ask for no name we have

	MinVersion string   // see Version
	Ciphers    []string // see Cipher; empty: those that crypto/tls chooses

	ClientCAFile string // PEM certificates that clients are verified against
	ClientAuth   string // see ClientAuth
}

// Equal reports whether both say the same, so that a Store can be kept.
func (s Spec) Equal(o Spec) bool {
	return slices.Equal(s.Pairs, o.Pairs) && s.MinVersion == o.MinVersion && slices.Equal(s.Ciphers, o.Ciphers) &&
		s.ClientCAFile == o.ClientCAFile && s.ClientAuth == o.ClientAuth
}

// files are all that the spec names.
func (s Spec) files() []string {
	var files []string
	for _, p := range s.Pairs {
		files = append(files, p.CertFile, p.KeyFile)
	}
	if s.ClientCAFile != "" {
		files = append(files, s.ClientCAFile)
	}
	return files
}

// Version returns the TLS version of this name; the empty name is 1.2.
func Version(name string) (uint16, error) {
	switch name {
	case "", "1.2":
		return tls.VersionTLS12, nil
	case "1.3":
		return tls.VersionTLS13, nil
	case "1.0", "1.1":
		return 0, fmt.Errorf("TLS %s is not safe (want 1.2 or 1.3)", name)
	}
	return 0, fmt.Errorf("unknown TLS version %q (want 1.2 or 1.3)", name)
}

// Cipher returns the cipher suite of TLS 1.2 that the IANA calls by this name.
// TLS 1.3 has none to choose from.
func Cipher(name string) (uint16, error) {
	var possible []string
	for _, c := range tls.CipherSuites() {
		if !slices.Contains(c.SupportedVersions, tls.VersionTLS12) {
			if c.Name == name {
				return 0, fmt.Errorf("%s is of TLS 1.3, whose ciphers are not for choice; leave it out", name)
			}
			continue
		}
		if c.Name == name {
			return c.ID, nil
		}
		possible = append(possible, c.Name)
	}
	what := "unknown cipher " + fmt.Sprintf("%q", name)
	for _, c := range tls.InsecureCipherSuites() {
		if c.Name == name {
			what = name + " is not safe"
		}
	}
	return 0, fmt.Errorf("%s (want %s)", what, strings.Join(possible, ", "))
}

// ClientAuth returns what is asked of clients: none, also by the empty name, asks
// for no certificate; optional lets those without one in; with require there must
// be one. A certificate that is shown must stand verification.
func ClientAuth(name string) (tls.ClientAuthType, error) {
	switch name {
	case "", "none":
		return tls.NoClientCert, nil
	case "optional":
		return tls.VerifyClientCertIfGiven, nil
	case "require":
		return tls.RequireAndVerifyClientCert, nil
	}
	return 0, fmt.Errorf("unknown client_auth %q (want none, optional or require)", name)
}

// config returns what the spec asks for apart from its files. The proxy speaks
// HTTP/1.1 alone: a client that offers other protocols and not this one is refused
// with the alert of RFC 7301, section 3.2, and one that offers none is let in.
// Records have their full size from the first on: small ones would let clients use
// the first bytes of a long response a little earlier, for a system call each.
func (s Spec) config() (*tls.Config, error) {
	c := &tls.Config{NextProtos: []string{"http/1.1"}, DynamicRecordSizingDisabled: true}
	var errs []error
	note := func(setting string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", setting, err))
		}
	}
	var err error
	c.MinVersion, err = Version(s.MinVersion)
	note("min_version", err)
	for _, name := range s.Ciphers {
		id, err := Cipher(name)
		note("ciphers", err)
		c.CipherSuites = append(c.CipherSuites, id)
	}
	c.ClientAuth, err = ClientAuth(s.ClientAuth)
	note("client_auth", err)

	if len(s.Pairs) == 0 {
		errs = append(errs, errors.New("certificates: at least one is needed"))
	}
	if len(s.Ciphers) > 0 && c.MinVersion == tls.VersionTLS13 {
		errs = append(errs, errors.New("ciphers: they are for TLS 1.2; leave them out or set min_version to 1.2"))
	}
	if asks := c.ClientAuth != tls.NoClientCert; asks && s.ClientCAFile == "" {
		errs = append(errs, fmt.Errorf("client_ca_file: needed to verify clients with client_auth %s", s.ClientAuth))
	} else if !asks && err == nil && s.ClientCAFile != "" {
		errs = append(errs, errors.New("client_ca_file: without effect; set client_auth to optional or require"))
	}
	return c, errors.Join(errs...)
}
