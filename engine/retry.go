package engine

import (
	"errors"
	"sync"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
)

// retry is whether and how a request is sent again.
type retry uint8

const (
	no        retry = iota
	elsewhere       // to another backend, if there is one
	onFresh         // to the same backend on a new connection
)

// mayRetry reports whether and how the request can be sent again after err: when
// nothing of it was sent, or, for methods that may be repeated (RFC 9110 section
// 9.2.2), when the backend broke off without a byte of an answer. A backend that
// let the time run out has had its chance: the client has waited long enough.
//
// A connection that served before and broke says nothing about its backend: most
// likely that had closed it as idle at the same moment. Such a request is sent
// again on a new connection and counts neither as a retry nor against the budget.
func (x *exchange) mayRetry(err error) retry {
	up := x.upstream
	if isClientSide(err) || x.spent {
		return no
	}
	unsent := up == nil || !up.Sent
	broke := up != nil && errors.Is(err, pool.ErrTerminated) && len(up.Reader.Buffered()) == 0
	switch {
	case !unsent && !(broke && idempotent(x.request.Method)):
		return no
	case up != nil && up.Reused:
		return onFresh
	case len(x.tried)+1 >= x.snap.retries.Attempts,
		up == nil && x.pool.Only(x.backend), // it has just refused
		!x.pool.retries.take(x.pool.tally.requests(), x.snap.retries.Budget):
		return no
	}
	return elsewhere
}

func idempotent(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// retryBudget holds the retries of a pool below a share of its requests: when a
// whole pool is in trouble, sending everything several times makes it worse.
type retryBudget struct {
	mu      sync.Mutex // requests that go well never come here
	retries int        // since current began
	current window
	before  window
}

// window is what was counted at a time: two of them make the budget look back.
type window struct {
	requests uint64 // of the pool, so far
	retries  int    // within the window
}

// The budget looks back one to two windows. The floor lets a quiet proxy retry at
// all.
const (
	budgetWindow = 5 * time.Second
	budgetFloor  = 10
)

// turn begins the next window. It is called every budgetWindow, with the number of
// all requests of the pool so far.
func (r *retryBudget) turn(requests uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.retries = r.retries
	r.before, r.current, r.retries = r.current, window{requests: requests}, 0
}

// take reports whether one more retry is within the budget, and counts it.
func (r *retryBudget) take(requests uint64, share float64) bool {
	if share == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	recent := float64(requests - r.before.requests)
	if float64(r.retries+r.before.retries) >= budgetFloor+share*recent {
		return false
	}
	r.retries++
	return true
}
