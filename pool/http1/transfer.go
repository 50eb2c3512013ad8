package http1

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// transfer is one direction of a plain socket: how Conn reads or writes without
// the runtime's preparations for a system call that waits, see ReadNow. One
// goroutine at a time uses it.
type transfer struct {
	step func(fd uintptr) (done bool) // made once, a closure a call would be garbage
	buf  []byte
	n    int
	err  error
}

func (t *transfer) begin(p []byte) { t.buf, t.n, t.err = p, 0, nil }

// end returns what was moved, and why it ended if not by itself: err is what
// waiting came to.
func (t *transfer) end(err error) (int, error) {
	t.buf = nil
	if err == nil {
		err = t.err
	}
	return t.n, err
}

// read reads what is there.
func (t *transfer) read(fd uintptr) (done bool) {
	n, err := ReadNow(fd, t.buf)
	for err == unix.EINTR {
		n, err = ReadNow(fd, t.buf)
	}
	switch {
	case err == unix.EAGAIN:
		return false
	case err != nil:
		t.err = os.NewSyscallError("read", err)
	case n == 0 && len(t.buf) > 0:
		t.err = io.EOF
	}
	t.n = n
	return true
}

// write writes all of it.
func (t *transfer) write(fd uintptr) (done bool) {
	for t.n < len(t.buf) {
		n, err := WriteNow(fd, t.buf[t.n:])
		switch {
		case err == unix.EAGAIN:
			return false
		case err != nil && err != unix.EINTR:
			t.err = os.NewSyscallError("write", err)
			return true
		}
		t.n += n
	}
	return true
}
