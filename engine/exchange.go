package engine

import (
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// exchange is one request and its response. It lives in its connection and
// serves one request after the other.
type exchange struct {
	conn *conn
	snap *snapshot // the configuration this exchange began with
	now  time.Duration

	listener *listenerSettings // of the listener that the client came through

	request http1.Request
	body    http1.Body // of the request
	client  netip.Addr // who sent it, behind all trusted proxies
	trusted bool       // the peer is a proxy whose X-Forwarded fields are believed
	id      []byte     // of the request, once somebody asked for it

	taken    *route
	pool     *servicePool
	backend  *pool.Backend   // of the attempt under way, else nil
	upstream *pool.Conn      // of the attempt under way, else nil
	began    time.Duration   // when that attempt began
	tried    []*pool.Backend // of the attempts that failed
	attempts int             // so far
	asked    *pool.Backend   // in the last attempt
	received int64           // bytes of the request body so far
	spent    bool            // the request cannot be sent again: some of its body is gone, or a response has begun

	uploading *upload // the request body on its way, else nil
	connect   bool    // the request is CONNECT, and its route allows it

	out     []byte // what is written next
	scratch []byte // for names and paths in another form
	json    bool   // the client would rather have answers of ours in JSON

	status   int    // what the client got; 0 before
	rejected bool   // it was an answer of our own
	reason   reason // why
	close    bool   // the connection ends after this exchange
	brokenBy side   // who ended it before the last byte was out

	sent     int64         // bytes to the client
	sentHead int64         // those of them that are heads
	done     time.Duration // when a tunnel began: that is what its duration is counted to

	// What follows is for the access log, and is not kept when that is off.
	connecting time.Duration // how long the last attempt took to have a connection
	answeredAt time.Duration // when the response head was here; 0: never
	kept       *logHead      // when the buffer with the head was used for something else
}

// run carries one request from its head to the last byte of its response, and
// reports whether the connection can serve another.
func (x *exchange) run() (keep bool) {
	x.begin()
	defer x.end()
	if err := x.proxy(); err != nil {
		x.respond(err)
	}
	return !x.close
}

// proxy is the story of a request. An error means that nothing was sent to the
// client yet; respond makes it an answer.
func (x *exchange) proxy() error {
	if err := x.parse(); err != nil {
		return err
	}
	x.identify()
	if err := x.limit(); err != nil {
		return err
	}
	if x.listener.config.RedirectHTTPS > 0 {
		return x.redirect()
	}
	if x.isForUs() {
		return x.answer()
	}
	if x.loops() {
		return errLoop
	}
	if err := x.route(); err != nil {
		return err
	}
	if err := x.forward(); err != nil {
		return err
	}
	return x.relay()
}

// begin makes the exchange ready for the request that conn has read.
func (x *exchange) begin() {
	c := x.conn
	*x = exchange{
		conn:     c,
		snap:     c.engine.snapshot.Load(),
		now:      c.headAt,
		listener: c.listener.settings.Load(),
		request:  x.request,
		body:     x.body,
		id:       x.id[:0],
		tried:    x.tried[:0],
		out:      x.out[:0],
		scratch:  x.scratch[:0],
	}
	if x.out == nil {
		x.out = http1.AcquireBuffer(http1.SmallBuffer)[:0]
	}
	c.counters.started.Add(1)
}

// end settles the exchange: its backend, its counters, its buffers. A panic ends
// here too: it costs the client its connection, not the process its life.
func (x *exchange) end() {
	if p := recover(); p != nil {
		x.conn.engine.log.Error("panic in an exchange", "panic", p, "stack", string(debug.Stack()))
		x.conn.counters.panics.Add(1)
		if x.uploading != nil {
			x.uploading.stop()
			_ = x.endUpload(nil)
		}
		x.fail(errPanic)
		if x.close = true; x.status == 0 {
			x.respond(errPanic)
		} else {
			x.breakOff(byProxy)
			x.conn.resets = true // what was sent may be part of anything
		}
	}
	x.account()
	if cap(x.out) > http1.SmallBuffer {
		x.release()
	}
}

// grow makes room in x.out for n more bytes.
func (x *exchange) grow(n int) {
	if len(x.out)+n <= cap(x.out) {
		return
	}
	larger := append(http1.AcquireBuffer(len(x.out) + n)[:0], x.out...)
	http1.ReleaseBuffer(x.out)
	x.out = larger
}

// release gives the exchange's buffer back. A connection keeps one of the small
// kind between its requests.
func (x *exchange) release() {
	http1.ReleaseBuffer(x.out)
	x.out = nil
}

// isWhole reports whether nothing more is read from the client for the request
// whose head was parsed.
func (x *exchange) isWhole() bool {
	q := &x.request
	if x.conn.headErr != nil {
		return true
	}
	body := len(x.conn.Reader.Buffered()) - len(x.conn.head)
	return (q.Framing.Empty() || q.Framing.Kind == http1.Length && q.Framing.Length <= min(int64(body), http1.LargeBuffer)) &&
		q.Upgrade == nil && string(q.Method) != "CONNECT"
}

// parse takes the head that was read and parsed. It is an error that this could
// not be done, which is answered like any other.
func (x *exchange) parse() error {
	head, err := x.conn.head, x.conn.headErr
	if err != nil {
		x.close = true
		x.request = http1.Request{Fields: x.request.Fields[:0]}
		x.body.Reset(&x.conn.Reader, http1.Framing{}, x.snap.headLimits)
		return err
	}
	x.conn.Reader.Discard(len(head))
	x.body.Reset(&x.conn.Reader, x.request.Framing, x.snap.headLimits)
	x.close = !x.request.KeepAlive
	if limit := x.snap.maxBody; limit > 0 && x.request.Framing.Length > limit {
		return errBodyTooLarge
	}
	return nil
}
