package engine

import (
	"errors"
	"sync"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// forward sends the request to a backend and receives the head of its response.
// When an attempt fails and the request can safely be sent again, another
// backend gets it.
func (x *exchange) forward() error {
	x.out = x.appendRequestHead(x.out[:0])
	for {
		b := x.pool.Pick(x.tried)
		if b == nil {
			return errNoBackend
		}
		err := x.attempt(b)
		if err == nil {
			return nil
		}
		again := x.mayRetry(err)
		x.fail(err)
		if !again {
			return err
		}
		x.tried = append(x.tried, b)
		x.pool.tally[x.conn.stripe].retries.Add(1)
	}
}

// attempt sends the request to b and receives the head of the response.
func (x *exchange) attempt(b *pool.Backend) error {
	x.backend = b
	x.began = x.now
	if len(x.tried) > 0 {
		x.began = http1.Now()
	}
	b.Begin()
	up, err := b.Connect()
	if err != nil {
		return err
	}
	x.upstream = up
	x.conn.upstream.Store(up)
	if x.conn.aborted.Load() {
		return errClientGone
	}
	content, whole := x.body.Whole()
	if !whole || len(content) > http1.SmallBuffer {
		return x.upload()
	}
	// Fast path: head and body leave together.
	n := len(x.out)
	x.out = append(x.out, content...)
	err = up.Send(x.began, x.out)
	x.out = x.out[:n] // the head alone again, should it be sent to another backend
	if err != nil {
		return err
	}
	return x.receive(x.began)
}

// upload sends the request while its body comes, and receives the head of the
// response. A backend that takes no more of it may have said why before it
// closed: that is received too.
func (x *exchange) upload() error {
	if err := x.continueClient(); err != nil {
		return err
	}
	x.forgetHead()
	if f := x.request.Framing; f.Kind == http1.Chunked || f.Length > http1.SmallBuffer {
		x.conn.Reader.Grow(http1.LargeBuffer)
	}
	clientErr, backendErr := x.pump((*requestBody)(x), x.upstream, x.request.Framing.Kind)
	if clientErr != nil {
		return clientErr
	}
	err := x.receive(http1.Now())
	if backendErr != nil && err != nil {
		return backendErr
	}
	return err
}

// continueClient tells a client that waits for it to send the body (RFC 9110
// section 10.1.1). Everything that could refuse the request has been asked.
func (x *exchange) continueClient() error {
	if !x.request.ExpectContinue {
		return nil
	}
	x.request.ExpectContinue = false
	if err := x.conn.Send(x.now, continueHead); err != nil {
		return errClientGone
	}
	return nil
}

var continueHead = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// forgetHead lets go of what the request head said before the buffer it lies in
// is used for the body. What is still asked later is asked here.
func (x *exchange) forgetHead() {
	x.spent = true
	x.json = prefersJSON(x.request.Fields)
	x.request.Method = methodName(x.request.Method)
	x.request.Fields = x.request.Fields[:0]
	x.request.Target, x.request.Path, x.request.Query, x.request.Host = nil, nil, nil, nil
}

// methodName returns a copy of the method that does not lie in the buffer; of
// the methods, only HEAD is asked for after this.
func methodName(method []byte) []byte {
	if string(method) == "HEAD" {
		return methodHead
	}
	return methodOther
}

var (
	methodHead  = []byte("HEAD")
	methodOther = []byte("-")
)

// maxInterim bounds the interim responses before the final one.
const maxInterim = 16

// receive receives the head of the final response. Interim ones go on to the
// client at once, but for 100: that wait is ours, see continueClient.
func (x *exchange) receive(now time.Duration) error {
	head := string(x.request.Method) == "HEAD"
	for range maxInterim {
		if err := x.upstream.Receive(now, head); err != nil {
			return err
		}
		status := x.upstream.Response.Status
		if status == 101 {
			return errUnaskedUpgrade
		}
		if status >= 200 {
			return nil
		}
		x.spent = true // a response has begun
		if status == 100 || x.request.Minor == 0 {
			continue
		}
		x.scratch = x.appendResponseHead(x.scratch[:0], http1.NoBody)
		if err := x.conn.Send(now, x.scratch); err != nil {
			return errClientGone
		}
	}
	return errManyInterim
}

// fail ends the attempt under way. What went wrong on the backend's side is
// counted for the backend.
func (x *exchange) fail(err error) {
	if x.upstream != nil {
		x.conn.upstream.Store(nil)
		x.upstream.Discard()
		x.upstream = nil
	}
	if x.backend == nil {
		return
	}
	if !isClientSide(err) {
		x.pool.backends[x.backend.Index][x.conn.stripe].errors[reasonOf(err)].Add(1)
	}
	x.backend.End()
	x.backend = nil
}

// mayRetry reports whether the request can be sent again after err: when nothing
// of it was sent, or, for methods that may be repeated (RFC 9110 section 9.2.2),
// when the backend broke off without a byte of an answer. A backend that let the
// time run out has had its chance: the client has waited long enough.
func (x *exchange) mayRetry(err error) bool {
	up := x.upstream
	if isClientSide(err) || x.spent || x.conn.aborted.Load() || len(x.tried)+1 >= x.pool.retries.attempts {
		return false
	}
	unsent := up == nil || !up.Sent
	broke := errors.Is(err, pool.ErrTerminated) && len(up.Reader.Buffered()) == 0
	if !unsent && !(broke && idempotent(x.request.Method)) {
		return false
	}
	if up == nil && x.pool.Eligible() == 1 {
		return false // the only backend has just refused
	}
	return x.pool.retries.take(http1.Now(), x.pool.tally.requests())
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
