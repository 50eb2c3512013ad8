package http1

import "bytes"

// connectionOptions are those options of the Connection fields of a head that
// say whether the connection lasts (RFC 9112 section 9.3) or changes its protocol.
type connectionOptions struct{ closes, keeps, upgrades bool }

func (o *connectionOptions) add(value []byte) {
	for len(value) > 0 {
		var option []byte
		option, value = NextElement(value)
		o.closes = o.closes || EqualFold(option, "close")
		o.keeps = o.keeps || EqualFold(option, "keep-alive")
		o.upgrades = o.upgrades || EqualFold(option, "upgrade")
	}
}

// keepAlive reports whether another message may follow on the connection.
// "close" wins, and HTTP/1.0 ends a connection unless told to keep it.
func (o *connectionOptions) keepAlive(minor int) bool {
	return !o.closes && (minor == 1 || o.keeps)
}

// hasElement reports whether a list names a word, with parameters or without.
func hasElement(list []byte, word string) bool {
	for len(list) > 0 {
		var element []byte
		element, list = NextElement(list)
		name, _, _ := bytes.Cut(element, []byte(";"))
		if EqualFold(TrimBlanks(name), word) {
			return true
		}
	}
	return false
}
