package http1

import "encoding/binary"

// tokenChars are the characters of a token (RFC 9110 section 5.6.2), of which
// methods and field names are made.
var tokenChars = charset("!#$%&'*+-.^_`|~0123456789" +
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

// valueChars are the characters of a field value (RFC 9110 section 5.5): all but
// the control characters, of which only the tab is allowed.
var valueChars = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != 0x7f || c == '\t'
	}
	return t
}()

// targetChars are the characters a request target may have. RFC 3986 allows
// fewer; like other proxies this one passes on what browsers are known to send,
// all that is visible, except '#', which begins a fragment and has no place in a
// request.
var targetChars = func() (t [256]bool) {
	for c := range t {
		t[c] = c > ' ' && c != 0x7f && c != '#'
	}
	return t
}()

// The characters of the parts of a Host (RFC 3986 section 3.2.2). A percent-encoded
// name is refused: some parties decode it, and then it is another name.
var (
	nameChars = charset("-._~!$&'()*+,;=0123456789" +
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	addressChars = charset("0123456789abcdefABCDEF:.") // between brackets
	digits       = charset("0123456789")
)

func charset(chars string) (t [256]bool) {
	for i := range len(chars) {
		t[chars[i]] = true
	}
	return t
}

func all(b []byte, t *[256]bool) bool {
	for _, c := range b {
		if !t[c] {
			return false
		}
	}
	return true
}

// isValue reports whether all of b may be in a field value: all(b, &valueChars),
// eight bytes at a time, because values are most of what a head consists of.
func isValue(b []byte) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		del := w ^ 0x7f*ones
		// A byte below ' ' leaves its high bit in the first term, one that is
		// DEL in the second. A borrow may mark the byte after such a one too,
		// never one without: the table has the last word.
		if ((w-' '*ones)&^w|(del-ones)&^del)&highs != 0 && !all(b[:8], &valueChars) {
			return false
		}
		b = b[8:]
	}
	return all(b, &valueChars)
}

// EqualFold reports whether b is s, a lower-case ASCII word, in any case.
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// Unhex returns the value of a hexadecimal digit, -1 for any other character.
func Unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// TrimBlanks cuts the optional white space of RFC 9110 section 5.6.3 off both ends.
func TrimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// NextElement returns the first element of a comma-separated list (RFC 9110
// section 5.6.1), without blanks around it, and what follows its comma. Empty
// elements are returned too.
func NextElement(list []byte) (element, rest []byte) {
	for i, c := range list {
		if c == ',' {
			return TrimBlanks(list[:i]), list[i+1:]
		}
	}
	return TrimBlanks(list), nil
}
