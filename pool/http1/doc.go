// Package http1 reads and writes the syntax of HTTP/1.1 messages (RFC 9112):
// where a head ends, what its fields are, how its body is framed.
//
// Both sides of the proxy use it, the clients' and the backends', so that a
// request is read by the same rules as a response. It is strict: whatever two
// implementations could read in two ways is an error here, because a proxy that
// guesses lets one party speak in the name of another (request smuggling).
//
// Nothing in it allocates on the way of an ordinary message. What it returns
// are slices of the buffer they were read into; they are valid until the Reader
// reads again.
package http1
