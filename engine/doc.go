// Package engine is the life of a request, and of the process that serves it.
//
//	accept ─ parse ─ identify ─ limit ─ route ─ pick ─ send ─ relay ─ account
//
// exchange.go holds that story as one function; each step is a file.
//
// # Who reads and writes the client's bytes
//
// The server is a fasthttp.Server: it accepts connections, gives each a worker,
// and hands it over, as it does with those of a protocol that is not its own. What
// the bytes mean is decided elsewhere. The type conn serves one request after the
// other, for as long as the connection lasts, and an exchange writes its response
// to the socket itself.
//
// A proxy needs this because it must pass on what it does not own. The server's
// own parser joins, renames, reorders and invents fields, reads bodies ahead of
// their use and writes a response only after the handler has returned; here a
// head passes field by field as it came, a body is moved while it comes, and an
// exchange ends when its last byte is out. It also means that one parser, that of
// pool/http1, decides where messages begin and end, on both sides.
//
// Before its first request, a connection may have to give a PROXY header and a TLS
// handshake (opening.go). A header is taken from the socket to the byte, so that
// nothing behind it can tell; with TLS, the exchange reads and writes through
// crypto/tls, while what is asked of the socket itself (is the client gone, has it
// something to say) is asked below it.
//
// # What a request reads
//
// The configuration is compiled into an immutable snapshot. An exchange loads it
// once. Names were resolved when it was made: a request follows pointers.
package engine
