package engine

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// idField is the field that carries the id of a request. The zero value is no
// field at all: it is none that a message has.
type idField struct {
	name  []byte // as it is sent
	known string // as it is recognised, see http1.SameName
}

func newIDField(name string) idField {
	return idField{[]byte(name), strings.ReplaceAll(strings.ToLower(name), "_", "-")}
}

// is reports whether a field is this one, or one that a CGI-like backend would
// take for it.
func (i *idField) is(f *http1.Field) bool { return http1.SameName(f.Name, i.known) }

// without returns trailers without this field: no other than that of the head
// counts.
func (i *idField) without(trailers []http1.Field) []http1.Field {
	if len(i.name) == 0 {
		return trailers
	}
	return slices.DeleteFunc(trailers, func(f http1.Field) bool { return i.is(&f) })
}

// maxID bounds an id that a trusted proxy has given to a request.
const maxID = 128

// appendRequestID appends the field with the id of the request, if there is to be
// one. The first to ask makes the id: that of a trusted peer if it is sane, else a
// new one.
func (x *exchange) appendRequestID(dst []byte) []byte {
	field := &x.snap.requestID
	if len(field.name) == 0 {
		return dst
	}
	if len(x.id) == 0 {
		x.id = x.appendGivenID(x.id)
	}
	if len(x.id) == 0 {
		x.id = appendID(x.id, time.Now())
	}
	return http1.AppendField(dst, field.name, x.id)
}

// appendGivenID appends the id that a trusted peer has given to the request.
func (x *exchange) appendGivenID(dst []byte) []byte {
	if !x.trusted {
		return dst
	}
	for i := range x.request.Fields {
		if f := &x.request.Fields[i]; x.snap.requestID.is(f) && isSaneID(f.Value) {
			return append(dst, f.Value...)
		}
	}
	return dst
}

func isSaneID(id []byte) bool {
	for _, c := range id {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(id) > 0 && len(id) <= maxID
}

// appendID appends a UUID of version 7 (RFC 9562 section 5.7): the time in
// milliseconds, so that ids sort by it, and 74 random bits. They come from the
// generator of the runtime, which every thread has to itself.
func appendID(dst []byte, now time.Time) []byte {
	const version, variant = 7 << 12, 2 << 62
	high := uint64(now.UnixMilli())<<16 | version | rand.Uint64()&0xfff
	low := variant | rand.Uint64()>>2
	dst = appendHex(dst, high>>32, 8)
	dst = appendHex(append(dst, '-'), high>>16, 4)
	dst = appendHex(append(dst, '-'), high, 4)
	dst = appendHex(append(dst, '-'), low>>48, 4)
	return appendHex(append(dst, '-'), low, 12)
}

// appendHex appends the last digits of v.
func appendHex(dst []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[v>>shift&15])
	}
	return dst
}
