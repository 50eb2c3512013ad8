package pool

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Picker chooses the backend of the next attempt. It is made for one list of
// eligible backends and never asks about their health: a change of state makes
// the pool build the next Picker. Pick is called by all goroutines at once.
type Picker interface {
	Pick() *Backend
}

// strategies maps the names of the configuration to the code. A constructor
// gets a list that is not empty and a counter that outlives the Picker, so that
// a change of state does not start the rotation anew.
var strategies = map[string]func(list []candidate, turn *atomic.Uint64) Picker{
	"least_conn":  newLeastConn,
	"round_robin": newRoundRobin,
}

// Strategies returns the names of all strategies in alphabetical order.
func Strategies() []string { return slices.Sorted(maps.Keys(strategies)) }
