//go:build linux

package main

// A scenario is what the load generators ask for.
type scenario struct {
	name  string
	about string // the request and what comes back, in a few words
	path  string // asked of the backends, which know what to answer to it
}

// scenarios are the values of -scenario; the first is the default.
var scenarios = []scenario{
	small,
	body64k,
}
