package engine

import (
	"errors"
	"sync"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
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
	case len(x.tried)+1 >= x.pool.retries.attempts,
		up == nil && x.pool.Eligible() == 1, // the only backend has just refused
		!x.pool.retries.take(http1.Now(), x.pool.tally.requests()):
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
	attempts int     // sends for one request, the first included
	share    float64 // retries per request

	mu       sync.Mutex // retries are rare: requests that go well never come here
	since    time.Duration
	requests uint64 // at the beginning of the window
	retries  int    // within it
}

// A window is how far the budget looks back. The floor lets a quiet proxy retry
// at all.
const (
	budgetWindow = 10 * time.Second
	budgetFloor  = 10
)

// take reports whether one more retry is within the budget, and counts it.
// requests is the number of all requests of the pool so far.
func (r *retryBudget) take(now time.Duration, requests uint64) bool {
	if r.share == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now-r.since >= budgetWindow {
		r.since, r.requests, r.retries = now, requests, 0
	}
	if float64(r.retries) >= budgetFloor+r.share*float64(requests-r.requests) {
		return false
	}
	r.retries++
	return true
}
