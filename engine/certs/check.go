package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// expirySoon is how long before the end of its time a certificate is complained
// about. Those that are renewed by a program are renewed earlier.
const expirySoon = 14 * 24 * time.Hour

// Problem is something about a spec's files that someone has to do something
// about. The text names the file and what to do.
type Problem struct {
	Text    string
	Warning bool // clients are served all the same, as yet
}

// check gathers the problems of a spec.
type check struct {
	now   time.Time
	names map[string]string // kind of key and DNS name -> the file that has them

	problems []Problem
}

// Check returns what is wrong with the files of a spec, and with the spec itself,
// at this time.
func Check(spec Spec, now time.Time) []Problem {
	c := &check{now: now, names: make(map[string]string)}
	if _, err := spec.config(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			c.bad("%s", line)
		}
	}
	for _, p := range spec.Pairs {
		c.keyFile(p.KeyFile)
		pair, err := loadPair(p)
		if err != nil {
			c.bad("%s", err)
			continue
		}
		c.chain(p.CertFile, pair)
		c.leaf(p.CertFile, pair.Leaf)
		c.double(p.CertFile, pair.Leaf)
	}
	if spec.ClientCAFile != "" {
		c.authorities(spec.ClientCAFile)
	}
	return c.problems
}

func (c *check) bad(format string, args ...any) {
	c.problems = append(c.problems, Problem{Text: fmt.Sprintf(format, args...)})
}

func (c *check) warn(format string, args ...any) {
	c.problems = append(c.problems, Problem{Text: fmt.Sprintf(format, args...), Warning: true})
}

// keyFile looks at who may read a key. That it can be read is seen later.
func (c *check) keyFile(path string) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		c.warn("%s: every user of the machine may use the key (mode %04o); chmod o= it", path, mode)
	}
}

// leaf looks at the certificate that bears the names.
func (c *check) leaf(file string, leaf *x509.Certificate) {
	if len(leaf.DNSNames)+len(leaf.IPAddresses) == 0 {
		c.bad("%s: %s has no subject alternative name, so no client accepts it; have it issued with its host names", file, title(leaf))
	}
	uses := leaf.ExtKeyUsage
	if len(uses)+len(leaf.UnknownExtKeyUsage) > 0 && !slices.Contains(uses, x509.ExtKeyUsageServerAuth) && !slices.Contains(uses, x509.ExtKeyUsageAny) {
		c.bad("%s: %s is not for servers; have it issued with the extended key usage serverAuth", file, title(leaf))
	}
}

// double looks for names that another certificate has too, with the same kind of
// key: the later one is never shown for them.
func (c *check) double(file string, leaf *x509.Certificate) {
	kind := leaf.PublicKeyAlgorithm.String()
	for _, name := range leaf.DNSNames {
		key := kind + " " + strings.ToLower(name)
		if first, ok := c.names[key]; ok {
			c.warn("%s: %s is also in %s, with a key of the same kind (%s), and that one is shown; remove one of them", file, name, first, kind)
			continue
		}
		c.names[key] = file
	}
}

// authorities looks at what clients are verified against.
func (c *check) authorities(file string) {
	all, err := loadAuthorities(file)
	if err != nil {
		c.bad("%s", err)
	}
	for _, a := range all {
		if c.now.After(a.NotAfter) {
			c.warn("%s: %s expired on %s, its clients are refused; replace or remove it", file, title(a), day(a.NotAfter))
		}
	}
}

// chain looks at what is sent to clients: each certificate must be in its time, and
// after the leaf each must have signed one before it (RFC 8446, section 4.4.2).
func (c *check) chain(file string, pair *tls.Certificate) {
	var chain []*x509.Certificate
	for _, der := range pair.Certificate {
		if cert, err := x509.ParseCertificate(der); err == nil {
			chain = append(chain, cert)
		}
	}
	for i, cert := range chain {
		c.time(file, cert)
		switch {
		case i == 0 || slices.ContainsFunc(chain[:i], func(o *x509.Certificate) bool { return signed(cert, o) }):
		case slices.ContainsFunc(chain[i+1:], func(o *x509.Certificate) bool { return signed(cert, o) }):
			c.bad("%s: chain in the wrong order: certificate %d (%s) comes before the one it has signed; put it behind", file, i+1, title(cert))
		default:
			c.bad("%s: certificate %d (%s) has signed none before it; remove it from the chain", file, i+1, title(cert))
		}
	}
}

// signed reports whether the certificate issuer has signed the other.
func signed(issuer, other *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, other.RawIssuer) && other.CheckSignatureFrom(issuer) == nil
}

// time looks at when a certificate is valid.
func (c *check) time(file string, cert *x509.Certificate) {
	switch {
	case c.now.After(cert.NotAfter):
		c.bad("%s: %s expired on %s; renew it", file, title(cert), day(cert.NotAfter))
	case c.now.Before(cert.NotBefore):
		c.bad("%s: %s is valid only from %s on; wait, set the clock right or use the one before", file, title(cert), day(cert.NotBefore))
	case cert.NotAfter.Sub(c.now) < expirySoon:
		c.warn("%s: %s expires on %s; renew it", file, title(cert), day(cert.NotAfter))
	}
}

func day(t time.Time) string { return t.UTC().Format(time.RFC3339) }
