package engine

import (
	"bytes"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// appendTrailers appends those trailer fields that may be trailers.
func appendTrailers(dst []byte, trailers []http1.Field) []byte {
	for i := range trailers {
		f := &trailers[i]
		if f.ID == http1.Other && !forbiddenTrailers[string(bytes.ToLower(f.Name))] {
			dst = http1.AppendField(dst, f.Name, f.Value)
		}
	}
	return dst
}

// forbiddenTrailers are fields that mean something only in a head: what frames,
// routes, authenticates or modifies a message, or says what its content is (RFC
// 9110 section 6.5.1). Those that http1 knows by name are not listed again.
var forbiddenTrailers = map[string]bool{
	"age":                 true,
	"authorization":       true,
	"cache-control":       true,
	"content-encoding":    true,
	"content-location":    true,
	"content-range":       true,
	"content-type":        true,
	"cookie":              true,
	"expires":             true,
	"if-match":            true,
	"if-modified-since":   true,
	"if-none-match":       true,
	"if-range":            true,
	"if-unmodified-since": true,
	"location":            true,
	"pragma":              true,
	"proxy-status":        true,
	"range":               true,
	"retry-after":         true,
	"set-cookie":          true,
	"vary":                true,
	"warning":             true,
	"www-authenticate":    true,
}
