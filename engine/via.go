package engine

import (
	"bytes"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// loops reports whether the request has been here before: its Via fields name this
// proxy (RFC 9110 section 7.6.3). A comment in them that reads like an element
// counts as one; nobody but who wrote it suffers from that.
func (x *exchange) loops() bool {
	if len(x.snap.via) == 0 {
		return false
	}
	for i := range x.request.Fields {
		f := &x.request.Fields[i]
		if f.ID != http1.Via {
			continue
		}
		for list := f.Value; len(list) > 0; {
			var element []byte
			element, list = http1.NextElement(list)
			_, by := cutWord(element)
			if by, _ = cutWord(by); bytes.Equal(by, x.snap.via) {
				return true
			}
		}
	}
	return false
}

// cutWord cuts the first word off, with the blanks behind it.
func cutWord(b []byte) (word, rest []byte) {
	if i := bytes.IndexAny(b, " \t"); i >= 0 {
		return b[:i], http1.TrimBlanks(b[i:])
	}
	return b, nil
}

// appendVia appends the Via field that says a message of that minor version came
// through here, where the configuration gives the proxy a name.
func (x *exchange) appendVia(dst []byte, minor int) []byte {
	if len(x.snap.via) == 0 {
		return dst
	}
	dst = append(dst, "Via: 1."...)
	dst = append(dst, '0'+byte(minor), ' ')
	dst = append(dst, x.snap.via...)
	return append(dst, "\r\n"...)
}
