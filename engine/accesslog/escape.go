package accesslog

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxValue is how many bytes of a line one value of a client can take. What goes
// beyond is cut, and "..." stands for it.
const maxValue = 8 << 10

const (
	longestEscape = len(`\udb40\udc01`)
	ellipsis      = "..."
)

// plainChars are the characters that stand for themselves in every format.
var plainChars = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendValue appends a value for the inside of quotes: those of JSON, or those of
// a text format, which are escaped as Apache does.
func appendValue[T string | []byte](dst []byte, s T, json bool) []byte {
	limit := len(dst) + maxValue
	for {
		n := 0
		for n < len(s) && plainChars[s[n]] {
			n++
		}
		n = min(n, limit-len(dst))
		dst = append(dst, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return dst
		}
		if limit-len(dst) < longestEscape {
			return append(dst, ellipsis...)
		}
		if json {
			dst, n = appendJSONEscape(dst, string(s[:min(len(s), utf8.UTFMax)]))
		} else {
			dst, n = appendTextEscape(dst, s[0]), 1
		}
		s = s[n:]
	}
}

// appendJSONEscape appends the first character of s in a form that JSON allows
// between quotes, and returns how many bytes it was. What cannot be printed is
// escaped though JSON would allow it: control characters of Unicode, those that
// turn the direction of text, and the line ends U+2028 and U+2029.
func appendJSONEscape(dst []byte, s string) ([]byte, int) {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r)), n
	case r == utf8.RuneError && n == 1:
		return append(dst, `\ufffd`...), n
	case r >= utf8.RuneSelf && strconv.IsPrint(r):
		return append(dst, s[:n]...), n
	}
	if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
		return appendUnicode(appendUnicode(dst, hi), lo), n
	}
	return appendUnicode(dst, r), n
}

func appendUnicode(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// appendTextEscape appends a byte as Apache does.
func appendTextEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'x', hex[c>>4], hex[c&15])
}

const hex = "0123456789abcdef"
