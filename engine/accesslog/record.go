package accesslog

import (
	"net/netip"
	"time"
)

// Record is what is known of an exchange at its end. Its slices are only read
// while Append runs.
type Record struct {
	Time   time.Time  // when the request head was complete
	Client netip.Addr // behind all trusted proxies
	Peer   netip.Addr // of the connection

	Method    []byte // empty when there was no readable request
	Target    []byte
	Protocol  string
	Host      []byte
	Referer   []byte
	UserAgent []byte
	RequestID []byte
	TLS       string // the version, empty on a plain connection

	Route    string // host and path as in the configuration
	Pool     string
	Backend  string // of the last attempt
	Attempts int

	Status   int    // what the client got
	Reason   string // an error type of RFC 9209
	Failed   string // the side that did: client, backend or proxy; empty when all went well
	Received int64  // bytes of the request, head and content
	Sent     int64  // bytes written to the client
	SentHead int64  // those of them that were heads

	Connect   time.Duration // opening a connection to the backend, 0 on one that was open
	FirstByte time.Duration // from the whole request head to the whole response head
	Total     time.Duration // from the whole request head to the last byte of the response
}

// sentBody is what was written to the client beside heads.
func (r *Record) sentBody() int64 { return max(0, r.Sent-r.SentHead) }

// isError reports whether the exchange is one that Choice.Errors asks for.
func (r *Record) isError() bool { return r.Failed != "" || r.Status >= 500 }
