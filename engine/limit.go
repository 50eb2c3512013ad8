package engine

import (
	"math"
	"strconv"
	"time"

	"github.com/ESousa97/goproxyreverso/limiter"
)

// limit asks the limiter whether the client may go on.
func (x *exchange) limit() error {
	l := x.snap.limiter
	if l == nil {
		return nil
	}
	d := l.Allow(l.Key(x.client), x.now)
	if d.OK {
		return nil
	}
	return &limitedError{decision: d, policy: x.snap.limitFields}
}

// limitedError is the answer to a client over its rate.
type limitedError struct {
	decision limiter.Decision
	policy   []byte
}

func (*limitedError) Error() string { return "engine: client over its rate" }

// appendFields appends what tells a client when it may come again: Retry-After
// (RFC 9110 section 10.2.3) and the fields of draft-ietf-httpapi-ratelimit-headers.
func (e *limitedError) appendFields(dst []byte) []byte {
	seconds := int64((e.decision.RetryAfter + time.Second - 1) / time.Second)
	dst = append(dst, "Retry-After: "...)
	dst = strconv.AppendInt(dst, seconds, 10)
	dst = append(dst, "\r\nRateLimit: \"client\";r="...)
	dst = strconv.AppendInt(dst, int64(e.decision.Remaining), 10)
	dst = append(dst, ";t="...)
	dst = strconv.AppendInt(dst, seconds, 10)
	dst = append(dst, "\r\n"...)
	return append(dst, e.policy...)
}

// limitPolicy returns the RateLimit-Policy field: the quota is the burst, the
// window the whole seconds in which it comes back.
func limitPolicy(rate float64, burst int) []byte {
	window := int64(max(1, math.Ceil(float64(burst)/rate)))
	return append(strconv.AppendInt(append(strconv.AppendInt([]byte("RateLimit-Policy: \"client\";q="),
		int64(burst), 10), ";w="...), window, 10), "\r\n"...)
}
