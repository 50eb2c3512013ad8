package engine

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// upload is a request body on its way to the backend. It moves in a goroutine of
// its own while the exchange waits for the response: a backend may answer before
// it has read everything (413, 401), or answer piece by piece as it reads.
//
// While it runs, the goroutine owns the exchange's body, the reading side of the
// client's connection and the writing side of the backend's; the exchange owns
// the rest.
type upload struct {
	x        *exchange
	upstream *pool.Conn
	head     []byte      // what goes out before the body
	read     atomic.Bool // the body was read to its end
	stopped  atomic.Bool // stop was called
	failed   atomic.Bool // the client broke off, and so the backend's connection was closed

	done       chan struct{} // closed at the end; then the errors below are set
	clientErr  error
	backendErr error
}

// upload sends the request while its body comes, and receives the head of the
// response.
func (x *exchange) upload() error {
	if err := x.continueClient(); err != nil {
		return err
	}
	x.forgetHead()
	u := &upload{x: x, upstream: x.upstream, head: x.out, done: make(chan struct{})}
	x.out = http1.AcquireBuffer(http1.SmallBuffer)[:0]
	x.uploading = u
	x.conn.unwatched.Store(true)
	x.upstream.Unlimited() // the time of the response begins when the request is out
	go u.run()
	err := x.receive(http1.Now())
	if !u.isOver() {
		if err == nil {
			return nil // an early answer: finish ends the upload
		}
		u.stop()
	}
	return x.endUpload(err)
}

// lastWrite is how long an answer waits for the end of an upload whose last
// bytes are being written: most likely the backend has them, and only run does
// not know it yet.
const lastWrite = time.Second

// isOver reports whether the body is out.
func (u *upload) isOver() bool {
	select {
	case <-u.done:
		return true
	default:
	}
	if !u.read.Load() {
		return false
	}
	select {
	case <-u.done:
		return true
	case <-time.After(lastWrite):
		return false
	}
}

// run moves the body.
func (u *upload) run() {
	defer close(u.done)
	x := u.x
	defer func() {
		if p := recover(); p != nil {
			x.conn.engine.log.Error("panic in an upload", "panic", p, "stack", string(debug.Stack()))
			x.conn.counters.panics.Add(1)
			u.abandon(errPanic)
		}
	}()
	if f := x.request.Framing; f.Kind == http1.Chunked || f.Length > http1.SmallBuffer {
		x.conn.Reader.Grow(http1.LargeBuffer)
	}
	u.clientErr, u.backendErr = pump(&u.head, (*requestBody)(x), (*toBackend)(x), x.request.Framing.Kind)
	if u.clientErr != nil {
		u.abandon(u.clientErr)
		return
	}
	// All is out, or the backend takes no more. Either way its answer is due.
	u.upstream.AnswerWithin()
	x.conn.unwatched.Store(false)
}

// abandon closes the backend's connection: the backend must not take what it has
// for a whole request.
func (u *upload) abandon(err error) {
	u.clientErr = err
	u.failed.Store(true)
	u.upstream.Break()
}

// stop makes run end soon, unless it has. Neither connection can be used again,
// and so nothing more is received from the backend.
func (u *upload) stop() {
	if u.failed.Load() {
		<-u.done // it is about to end, and what for counts
	}
	select {
	case <-u.done:
		return
	default:
	}
	u.stopped.Store(true)
	u.x.conn.endRead()
	u.upstream.Break() // a deadline could be undone by the next write
	<-u.done
}

// endUpload takes back what the upload owned, after its end, and returns what
// the attempt came to, given what receiving the response came to. A backend that
// took no more of the request may have said why before it closed: its answer
// counts then.
func (x *exchange) endUpload(err error) error {
	u := x.uploading
	x.uploading = nil
	x.conn.unwatched.Store(false)
	http1.ReleaseBuffer(u.head)
	x.conn.ForgetDeadlines()
	u.upstream.ForgetDeadlines()
	if !x.body.Done() {
		x.close, x.conn.lingers = true, true // the rest of the request is still on its way
	}
	switch {
	case u.stopped.Load():
		u.upstream.Response.KeepAlive = false // its socket is closed
		return err
	case u.clientErr != nil:
		return u.clientErr
	case err != nil && u.backendErr != nil:
		return u.backendErr
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
	x.sentHead += int64(len(continueHead))
	if err := x.conn.Send(http1.Now(), continueHead); err != nil {
		return errClientGone
	}
	return nil
}

var continueHead = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// forgetHead lets go of what the request head said before the buffer it lies in
// is used for the body. What is still asked later is asked here.
func (x *exchange) forgetHead() {
	x.spent = true
	if x.snap.log != nil {
		x.kept = newLogHead(&x.request).clone()
	}
	x.json = prefersJSON(x.request.Fields)
	x.request.Method = methodName(x.request.Method)
	x.request.Fields = x.request.Fields[:0]
	x.request.Target, x.request.Path, x.request.Query, x.request.Host = nil, nil, nil, nil
	x.request.Upgrade = nil
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
