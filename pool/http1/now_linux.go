//go:build !race

package http1

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ReadNow and WriteNow are system calls on a socket that does not block. As they
// never wait, the runtime is not told of them. It would take each for one that may
// last, and a thread of its own would wake up every few dozen microseconds for as
// long as there are such calls, to see whether one does: with small messages that
// costs about a tenth of all CPU time.
func ReadNow(fd uintptr, p []byte) (int, error) { return now(unix.SYS_READ, fd, p) }

// WriteNow writes what the socket takes at once, see ReadNow.
func WriteNow(fd uintptr, p []byte) (int, error) { return now(unix.SYS_WRITE, fd, p) }

func now(call, fd uintptr, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
