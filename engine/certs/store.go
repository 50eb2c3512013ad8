package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/filewatch"
)

// Store is TLS as a Spec asks for it, from the files as they are now. When a file
// cannot be used, what it held before stays in use, the log says so once, and the
// next change of a file is another try.
type Store struct {
	spec    Spec
	base    *tls.Config // all but what comes from files
	log     *slog.Logger
	watcher *filewatch.Watcher

	current atomic.Pointer[state]

	mu     sync.Mutex      // held while files are loaded
	warned map[string]bool // what the log said when they were loaded last
}

// state is what the files held. It does not change.
type state struct {
	config      *tls.Config
	pairs       []*tls.Certificate // as in Spec.Pairs
	authorities *x509.CertPool     // nil without a ClientCAFile
}

// New loads all files of a spec and follows them until Close. The error tells of
// every file that cannot be used.
func New(spec Spec, tickets *Tickets, log *slog.Logger) (*Store, error) {
	base, err := spec.config()
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	tickets.serve(base)
	s := &Store{spec: spec, base: base, log: log}
	if s.watcher, err = filewatch.New(spec.files(), s.reload); err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("certs: %w", err), s.watcher.Close())
	}
	return s, nil
}

// start loads the files for the first time, while they may already be changing.
func (s *Store) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, errs := s.load(&state{pairs: make([]*tls.Certificate, len(s.spec.Pairs))})
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	s.current.Store(first)
	return nil
}

// Close stops following the files. Connections keep the configuration they have.
func (s *Store) Close() error { return s.watcher.Close() }

// Config returns the configuration for one more connection with a client. It
// must not be kept for others: they are to see what the files hold then.
func (s *Store) Config() *tls.Config { return s.current.Load().config }

// Leaf is a certificate as it is now in use.
type Leaf struct {
	File     string
	Names    []string // DNS names, then IP addresses
	NotAfter time.Time
}

// Leaves returns the certificates in use, in the order of the spec.
func (s *Store) Leaves() []Leaf {
	pairs := s.current.Load().pairs
	leaves := make([]Leaf, len(pairs))
	for i, c := range pairs {
		leaves[i] = Leaf{File: s.spec.Pairs[i].CertFile, Names: namesOf(c.Leaf), NotAfter: c.Leaf.NotAfter}
	}
	return leaves
}

func namesOf(leaf *x509.Certificate) []string {
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// reload loads the files anew, as far as they can be used.
func (s *Store) reload() {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.current.Load()
	if before == nil {
		return // New has failed
	}
	next, errs := s.load(before)
	s.current.Store(next)
	s.tell(before, next)
	s.warn(errs)
}

// load returns what the files hold now; where one cannot be used, it is what it
// was before, and an error tells why.
func (s *Store) load(before *state) (next *state, errs []error) {
	next = &state{config: s.base.Clone(), authorities: before.authorities}
	for i, p := range s.spec.Pairs {
		pair, err := loadPair(p)
		if err != nil {
			errs = append(errs, err)
			pair = before.pairs[i]
		}
		next.pairs = append(next.pairs, pair)
	}
	if path := s.spec.ClientCAFile; path != "" {
		if authorities, err := loadAuthorities(path); err != nil {
			errs = append(errs, err)
		} else {
			next.authorities = poolOf(authorities)
		}
	}
	if before.config == nil && len(errs) > 0 {
		return nil, errs
	}
	next.config.ClientCAs = next.authorities
	next.config.GetCertificate = newTable(next.pairs).pick
	return next, errs
}

// tell logs what has become another.
func (s *Store) tell(before, now *state) {
	for i, c := range now.pairs {
		if !bytes.Equal(c.Leaf.Raw, before.pairs[i].Leaf.Raw) {
			s.log.Info("certificate reloaded", "file", s.spec.Pairs[i].CertFile, "names", namesOf(c.Leaf), "not_after", c.Leaf.NotAfter)
		}
	}
	if now.authorities != nil && !now.authorities.Equal(before.authorities) {
		s.log.Info("client authorities reloaded", "file", s.spec.ClientCAFile)
	}
}

// warn logs what could not be loaded and what was not said the last time.
func (s *Store) warn(errs []error) {
	warned := make(map[string]bool)
	for _, err := range errs {
		text := err.Error()
		if !s.warned[text] {
			s.log.Warn("certificates not reloaded, those before stay in use", "error", text)
		}
		warned[text] = true
	}
	s.warned = warned
}
