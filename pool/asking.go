package pool

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// asking reads from a backend's socket. When there is a request to send, it sends
// that and waits for the answer in one go.
//
// A plain read tries, finds nothing, and only then waits: right after a request
// was sent there can be nothing yet, and the try is a system call for nothing. The
// runtime's raw read calls a function of ours before it waits, which looks at the
// socket, sends the request, and says that it has to wait; the read follows when
// there is something.
//
// Before it calls that function for the first time, the runtime forgets that the
// socket became readable. What came before that is what the look finds; what comes
// after it ends the wait. So nothing is lost in between.
type asking struct {
	c       *Conn // nil: not in use
	request []byte

	step  func(fd uintptr) bool // made once, a closure a request would be garbage
	buf   []byte
	asked bool // step was called before
	stale bool // the connection died while it was idle
	wrote int
	read  int
	err   error
}

func (a *asking) init(c *Conn) {
	a.c = c
	a.step = func(fd uintptr) bool {
		if !a.asked {
			a.asked = true
			return !a.ask(fd)
		}
		a.read, a.err = http1.ReadNow(fd, a.buf)
		if a.err == unix.EAGAIN || a.err == unix.EINTR {
			return false
		}
		return true
	}
}

// ask sends the request and reports whether its answer can be waited for.
func (a *asking) ask(fd uintptr) bool {
	if a.c.Reused {
		if a.c.looking.at(fd); !a.c.looking.quiet {
			a.stale = true
			return false
		}
	}
	n, err := http1.WriteNow(fd, a.request)
	if err == unix.EAGAIN || err == unix.EINTR {
		err = nil
	}
	a.wrote, a.err = n, err
	return err == nil && n == len(a.request)
}

// Read implements io.Reader.
func (a *asking) Read(p []byte) (int, error) {
	if a.request == nil {
		return a.c.Conn.Read(p)
	}
	a.buf, a.asked, a.stale, a.wrote, a.read, a.err = p, false, false, 0, 0, nil
	err := a.c.raw.Read(a.step)
	request := a.request
	a.request, a.buf = nil, nil
	a.c.Sent = a.wrote > 0
	switch {
	case a.stale:
		return 0, ErrTerminated
	case a.err != nil:
		return 0, os.NewSyscallError("exchange", a.err)
	case err != nil:
		return 0, err
	case a.wrote < len(request):
		// Slow path: the socket took only part of it.
		a.c.WriteWithin(http1.Now(), a.c.backend.limits.Load().ResponseHeader)
		n, err := a.c.Write(request[a.wrote:])
		a.c.Sent = a.c.Sent || n > 0
		if err != nil {
			return 0, err
		}
		return a.c.Conn.Read(p)
	case a.read == 0:
		return 0, io.EOF
	}
	return a.read, nil
}
