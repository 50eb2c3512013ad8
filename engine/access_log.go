package engine

import (
	"time"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// writeLog writes the line of the exchange, which ended at that time, to the log
// that is in use now: that of its beginning may be closed since.
func (x *exchange) writeLog(ended time.Duration) {
	l := x.conn.engine.snapshot.Load().log
	if l == nil {
		return
	}
	h := newLogHead(&x.request)
	if x.kept != nil {
		h = *x.kept
	}
	total := ended - x.now
	r := accesslog.Record{
		Time:      time.Now().Add(-total),
		Client:    x.client,
		Peer:      x.conn.peer,
		Method:    h.method,
		Target:    h.target,
		Host:      h.host,
		Referer:   h.referer,
		UserAgent: h.userAgent,
		RequestID: x.id,
		Attempts:  x.attempts,
		Status:    x.status,
		Failed:    x.brokenBy.String(),
		Received:  int64(len(x.conn.head)) + x.received,
		Sent:      x.sent,
		SentHead:  x.sentHead,
		Connect:   x.connecting,
		Total:     total,
	}
	if !r.Client.IsValid() {
		r.Client = r.Peer // it failed before that was asked
	}
	if len(r.Method) > 0 {
		r.Protocol = protocols[x.request.Minor]
	}
	switch {
	case x.rejected:
		r.Reason, r.Failed = reasonNames[x.reason], x.reason.side().String()
	case x.brokenBy != nobody && x.status != statusClientGone:
		r.Reason = reasonNames[responseIncomplete]
	}
	if x.taken != nil {
		r.Route = x.taken.name
	}
	if x.conn.secured != nil {
		r.TLS = tlsVersions[versionIndex(x.conn.secured.version)]
	}
	if x.pool != nil && x.pool.Pool != nil {
		r.Pool = x.pool.Name
	}
	if x.asked != nil {
		r.Backend = x.asked.Addr
	}
	if x.answeredAt > 0 {
		r.FirstByte = x.answeredAt - x.now
	}
	l.Append(x.conn.stripe, &r)
}

var protocols = [...]string{"HTTP/1.0", "HTTP/1.1"}

// logHead is what a line of the access log says of a request head.
type logHead struct {
	method, target, host, referer, userAgent []byte
}

// newLogHead returns slices of the head.
func newLogHead(q *http1.Request) logHead {
	h := logHead{method: q.Method, target: q.Target, host: q.Host}
	for i := range q.Fields {
		switch f := &q.Fields[i]; {
		case http1.EqualFold(f.Name, "referer"):
			h.referer = f.Value
		case http1.EqualFold(f.Name, "user-agent"):
			h.userAgent = f.Value
		}
	}
	return h
}

// clone returns a copy that lasts longer than the head.
func (h logHead) clone() *logHead {
	all := make([]byte, 0, len(h.method)+len(h.target)+len(h.host)+len(h.referer)+len(h.userAgent))
	for _, b := range []*[]byte{&h.method, &h.target, &h.host, &h.referer, &h.userAgent} {
		start := len(all)
		all = append(all, *b...)
		*b = all[start:]
	}
	return &h
}
