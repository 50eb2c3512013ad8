package accesslog

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// field is something of a Record that a template can name.
type field uint8

const (
	fieldTime field = iota
	fieldTimeCLF
	fieldClient
	fieldPeer
	fieldMethod
	fieldTarget
	fieldProtocol
	fieldRequest
	fieldHost
	fieldRoute
	fieldPool
	fieldBackend
	fieldAttempts
	fieldStatus
	fieldReason
	fieldFailed
	fieldBytesReceived
	fieldBytesSent
	fieldBodyBytesSent
	fieldTimeConnect
	fieldTimeFirstByte
	fieldTimeTotal
	fieldRequestID
	fieldTLSVersion
	fieldReferer
	fieldUserAgent
	fields // their number
)

// fieldNames are the names in templates, and the keys of JSON.
var fieldNames = [fields]string{
	fieldTime:          "time",
	fieldTimeCLF:       "time_clf",
	fieldClient:        "client",
	fieldPeer:          "peer",
	fieldMethod:        "method",
	fieldTarget:        "target",
	fieldProtocol:      "protocol",
	fieldRequest:       "request",
	fieldHost:          "host",
	fieldRoute:         "route",
	fieldPool:          "pool",
	fieldBackend:       "backend",
	fieldAttempts:      "attempts",
	fieldStatus:        "status",
	fieldReason:        "reason",
	fieldFailed:        "failed",
	fieldBytesReceived: "bytes_received",
	fieldBytesSent:     "bytes_sent",
	fieldBodyBytesSent: "body_bytes_sent",
	fieldTimeConnect:   "time_connect",
	fieldTimeFirstByte: "time_first_byte",
	fieldTimeTotal:     "time_total",
	fieldRequestID:     "request_id",
	fieldTLSVersion:    "tls_version",
	fieldReferer:       "referer",
	fieldUserAgent:     "user_agent",
}

// Fields returns the names that a template may have.
func Fields() []string { return slices.Clone(fieldNames[:]) }

// The rest of what a line can be long, beside values of clients.
const (
	maxNumber = 20  // digits of an int64 with its sign
	maxWord   = 512 // bytes of an address, a time or a name of the configuration
)

// longest returns the most bytes that a field takes in a line of text.
func (f field) longest() int {
	switch f {
	case fieldMethod, fieldTarget, fieldHost, fieldReferer, fieldUserAgent, fieldRoute:
		return maxValue + len(ellipsis)
	case fieldRequest:
		return 2*(maxValue+len(ellipsis)) + maxWord
	}
	return maxWord
}

// appendText appends a field for a line of text, "-" when it is empty.
func (f field) appendText(dst []byte, r *Record, c *clock) []byte {
	before := len(dst)
	switch f {
	case fieldTime:
		dst = c.appendRFC3339(dst, r.Time)
	case fieldTimeCLF:
		dst = c.appendCLF(dst, r.Time)
	case fieldClient:
		dst = appendAddr(dst, r.Client)
	case fieldPeer:
		dst = appendAddr(dst, r.Peer)
	case fieldMethod:
		dst = appendValue(dst, r.Method, false)
	case fieldTarget:
		dst = appendValue(dst, r.Target, false)
	case fieldProtocol:
		dst = append(dst, r.Protocol...)
	case fieldRequest:
		dst = r.appendRequest(dst)
	case fieldHost:
		dst = appendValue(dst, r.Host, false)
	case fieldRoute:
		dst = appendValue(dst, r.Route, false)
	case fieldPool:
		dst = append(dst, r.Pool...)
	case fieldBackend:
		dst = append(dst, r.Backend...)
	case fieldAttempts:
		dst = strconv.AppendInt(dst, int64(r.Attempts), 10)
	case fieldStatus:
		dst = strconv.AppendInt(dst, int64(r.Status), 10)
	case fieldReason:
		dst = append(dst, r.Reason...)
	case fieldFailed:
		dst = append(dst, r.Failed...)
	case fieldBytesReceived:
		dst = strconv.AppendInt(dst, r.Received, 10)
	case fieldBytesSent:
		dst = strconv.AppendInt(dst, r.Sent, 10)
	case fieldBodyBytesSent:
		dst = strconv.AppendInt(dst, r.sentBody(), 10)
	case fieldTimeConnect:
		dst = appendSeconds(dst, r.Connect)
	case fieldTimeFirstByte:
		dst = appendSeconds(dst, r.FirstByte)
	case fieldTimeTotal:
		dst = appendSeconds(dst, r.Total)
	case fieldRequestID:
		dst = appendValue(dst, r.RequestID, false)
	case fieldTLSVersion:
		dst = append(dst, r.TLS...)
	case fieldReferer:
		dst = appendValue(dst, r.Referer, false)
	case fieldUserAgent:
		dst = appendValue(dst, r.UserAgent, false)
	}
	if len(dst) == before {
		dst = append(dst, '-')
	}
	return dst
}

// appendRequest appends the request line as it was sent.
func (r *Record) appendRequest(dst []byte) []byte {
	if len(r.Method) == 0 {
		return dst
	}
	dst = appendValue(dst, r.Method, false)
	dst = append(dst, ' ')
	dst = appendValue(dst, r.Target, false)
	dst = append(dst, ' ')
	return append(dst, r.Protocol...)
}

func appendAddr(dst []byte, addr netip.Addr) []byte {
	if !addr.IsValid() {
		return dst
	}
	return addr.AppendTo(dst)
}

// appendSeconds appends a duration in seconds, to the microsecond.
func appendSeconds(dst []byte, d time.Duration) []byte {
	micros := int64(max(0, d) / time.Microsecond)
	dst = strconv.AppendInt(dst, micros/1e6, 10)
	dst = append(dst, '.')
	return appendDigits(dst, micros%1e6, 1e5)
}

// appendDigits appends n with leading zeros; unit is the value of its first digit.
func appendDigits(dst []byte, n, unit int64) []byte {
	for ; unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+n/unit%10))
	}
	return dst
}
