package engine

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wire is the socket under TLS.
type wire struct {
	net.Conn
	control syscall.RawConn
	owner   *conn // a client of it that takes something within each timeouts.client_write gets it all; may be nil
	parting bool  // nothing waits any more
}

// Write is what conn.Send is for plain sockets. It is here since TLS cannot go on
// after a write of its own that was cut short by a deadline.
func (w *wire) Write(b []byte) (sent int, err error) {
	if w.parting {
		return w.writeNow(b)
	}
	for {
		n, err := w.Conn.Write(b[sent:])
		sent += n
		if n == 0 || w.owner == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return sent, err
		}
		_ = w.Conn.SetWriteDeadline(time.Now().Add(w.owner.engine.snapshot.Load().timeouts.ClientWrite))
		if w.owner.abortedBy() != nobody {
			w.owner.endWrite() // shut has done so before, and the line above may have undone it
		}
	}
}

// writeNow writes what the socket takes without waiting.
func (w *wire) writeNow(b []byte) (n int, err error) {
	if controlErr := w.control.Control(func(fd uintptr) { n, err = unix.Write(int(fd), b) }); controlErr != nil {
		return 0, controlErr
	}
	return max(n, 0), err
}

// part closes a connection that nobody uses, without waiting for the client to take
// the alert that says so.
func (s *secured) part() {
	s.wire.parting = true
	_ = s.Close()
}

// impatient is called when somebody else than Send is to write to the client, who
// has time limits of his own.
func (c *conn) impatient() {
	if c.secured != nil {
		c.secured.wire.owner = nil
	}
}
