package http1

// connectionOptions are those options of the Connection fields of a head that
// say whether the connection lasts (RFC 9112 section 9.3).
type connectionOptions struct{ closes, keeps bool }

func (o *connectionOptions) add(value []byte) {
	for len(value) > 0 {
		var option []byte
		option, value = NextElement(value)
		o.closes = o.closes || EqualFold(option, "close")
		o.keeps = o.keeps || EqualFold(option, "keep-alive")
	}
}

// keepAlive reports whether another message may follow on the connection.
// "close" wins, and HTTP/1.0 ends a connection unless told to keep it.
func (o *connectionOptions) keepAlive(minor int) bool {
	return !o.closes && (minor == 1 || o.keeps)
}
