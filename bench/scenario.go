//go:build linux

package main

import (
	"slices"
	"time"
)

// A scenario is what is asked of all contenders, and how that is measured.
type scenario struct {
	name  string
	about string // in a few words
	method

	variants []variant

	// without names the contenders of whom the figures would say nothing.
	without []string
}

// A variant is one of the loads of a scenario. Its contenders have processes of
// their own.
type variant struct {
	name        string // empty for the only one
	path        string // asked of the backends, which know what to answer to it
	body        int    // bytes to send along; 0 is a GET
	connections int    // that the load generator has open
	closing     bool   // each request has a connection of its own
	backends    int    // 0 is two
	tls         uint16 // version of TLS that contenders are asked in; 0 is none
}

// scenarios are the values of -scenario; the first is the default.
var scenarios = []scenario{
	small,
	many,
	large,
	upload,
	newConnections,
	overTLS,
	moreBackends,
	latency,
	idleConnections,
	cold,
}

// fewBackends is how many backends a variant has that does not care.
const fewBackends = 2

func (v variant) backendCount() int {
	if v.backends == 0 {
		return fewBackends
	}
	return v.backends
}

// plain returns the variant as the backends know it: TLS is between contenders
// and their clients.
func (v variant) plain() variant {
	v.tls = 0
	return v
}

// usesTLS reports whether contenders are asked over TLS in some variant.
func (s scenario) usesTLS() bool {
	return slices.ContainsFunc(s.variants, func(v variant) bool { return v.tls != 0 })
}

// mostBackends is how many backends the scenario's variants need at least.
func (s scenario) mostBackends() int {
	most := 0
	for _, v := range s.variants {
		most = max(most, v.backendCount())
	}
	return most
}

// files is how many files a process may have open in this scenario at most: a
// contender has a connection on both sides for each of the client's, and checks
// every backend.
func (s scenario) files() uint64 {
	most := 0
	for _, v := range s.variants {
		most = max(most, 2*(v.connections+spareConnections)+v.backendCount())
	}
	return uint64(most + 512)
}

// with returns the scenario as settings want it.
func (s scenario) with(set settings) scenario {
	if set.connections > 0 {
		s.variants = slices.Clone(s.variants)
		for i := range s.variants {
			s.variants[i].connections = set.connections
		}
	}
	return s
}

// time is about how long the scenario takes with n contenders.
func (s scenario) time(set settings, n int) time.Duration {
	starts := 1
	if set.restart > 0 && !s.fresh() {
		starts = (set.rounds + set.restart - 1) / set.restart
	}
	each := time.Duration(starts)*(warmUpTime+time.Second) + time.Duration(set.rounds)*s.turnTime(set)
	return time.Duration(n*len(s.variants)) * each
}
