package engine

import (
	"io"

	"golang.org/x/sys/unix"
)

// open does what comes before the first request on a connection, and reports
// whether one can follow.
func (c *conn) open() bool {
	s := c.listener.settings.Load()
	if s.config.ProxyProtocol && s.trusts(c.peer) && !c.readProxyHeader() {
		return false
	}
	if s.store != nil {
		return c.secure(s.store)
	}
	return true
}

// peek waits until what the client has sent is enough, and copies it to b. Nothing
// of it is taken from the socket: who reads next finds it all.
func (c *conn) peek(b []byte, enough func([]byte) bool) (seen []byte, err error) {
	if c.control == nil {
		return nil, io.EOF
	}
	err = c.idly(func() error {
		var failed error
		err := c.control.Read(func(fd uintptr) bool {
			n, _, err := unix.Recvfrom(int(fd), b, unix.MSG_PEEK)
			if err == unix.EAGAIN || err == unix.EINTR {
				return false
			}
			seen, failed = b[:max(n, 0)], err
			switch {
			case err != nil || n > 0 && enough(seen):
			case n == 0:
				failed = io.EOF
			case c.left():
				failed = io.ErrUnexpectedEOF
			default:
				return false
			}
			return true
		})
		if err == nil {
			err = failed
		}
		return err
	})
	return seen, err
}

// something is enough for who only needs to know that the client has begun.
func something([]byte) bool { return true }
