package certs

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
)

// table finds the certificate for a name. It does not change once it is made.
// Names are in lower case; a wildcard is kept as what follows its "*.".
type table struct {
	exact    map[string][]*tls.Certificate
	wildcard map[string][]*tls.Certificate
	all      []*tls.Certificate // as configured
}

func newTable(all []*tls.Certificate) *table {
	t := &table{exact: make(map[string][]*tls.Certificate), wildcard: make(map[string][]*tls.Certificate), all: all}
	for _, c := range all {
		for _, name := range c.Leaf.DNSNames {
			name = strings.ToLower(name)
			if parent, ok := strings.CutPrefix(name, "*."); ok {
				t.wildcard[parent] = append(t.wildcard[parent], c)
			} else {
				t.exact[name] = append(t.exact[name], c)
			}
		}
	}
	for _, found := range t.wildcard {
		cheapFirst(found)
	}
	for name, found := range t.exact {
		cheapFirst(found)
		_, parent, _ := strings.Cut(name, ".")
		for _, c := range t.wildcard[parent] { // for clients that know only its kind of key
			if !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
		t.exact[name] = found
	}
	return t
}

// cheapFirst puts certificates with an RSA key last: to sign with one takes many
// times as long as with a key on an elliptic curve, so it is for old clients.
func cheapFirst(found []*tls.Certificate) {
	slices.SortStableFunc(found, func(a, b *tls.Certificate) int { return cost(a) - cost(b) })
}

func cost(c *tls.Certificate) int {
	if c.Leaf.PublicKeyAlgorithm == x509.RSA {
		return 1
	}
	return 0
}

// pick returns the certificate to show to a client: one for the name it asks for
// whose kind of key it knows, else the first of those it could be shown.
func (t *table) pick(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	found := t.lookup(hello.ServerName)
	if len(found) == 1 {
		return found[0], nil
	}
	nameless := *hello
	nameless.ServerName = "" // the name was looked up, what is in question is the key
	for _, c := range found {
		if nameless.SupportsCertificate(c) == nil {
			return c, nil
		}
	}
	return found[0], nil
}

// lookup returns the certificates for a name, in order of preference. A client
// that sends no name, or one that we have no certificate for, gets the first.
func (t *table) lookup(name string) []*tls.Certificate {
	if name == "" {
		return t.all
	}
	name = strings.ToLower(name)
	if found, ok := t.exact[name]; ok {
		return found
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		if found, ok := t.wildcard[parent]; ok {
			return found
		}
	}
	return t.all
}
