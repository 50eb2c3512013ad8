package http1

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// pipe is where bytes wait on their way from one socket to the other: splice(2)
// moves them between a socket and a pipe, and so from socket to socket without
// ever coming into the process.
type pipe struct{ r, w int }

// pipeSize is what a pipe holds when the system lets it.
const pipeSize = 256 << 10

// pipes are the pipes that nobody uses. They cost two files and some kernel
// memory each: what does not fit is closed.
var pipes = make(chan pipe, 64)

func acquirePipe() (pipe, error) {
	select {
	case p := <-pipes:
		return p, nil
	default:
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return pipe{}, os.NewSyscallError("pipe2", err)
	}
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize) // less is fine too
	return pipe{fds[0], fds[1]}, nil
}

// release takes back an empty pipe.
func (p pipe) release() {
	select {
	case pipes <- p:
	default:
		p.close()
	}
}

func (p pipe) close() {
	_ = unix.Close(p.r)
	_ = unix.Close(p.w)
}

// splice moves up to n bytes from src to dst inside the kernel and returns how
// many it moved. before is called before each wait, to set its deadline,
// with how many have left src. ok is
// false when this cannot be done with these connections: then nothing was moved.
func splice(dst, src *Conn, n int64, before func(read int64)) (moved int64, ok bool, srcErr, dstErr error) {
	p, err := acquirePipe()
	if err != nil {
		return 0, false, nil, nil
	}
	for moved < n {
		before(moved)
		in := 0
		waitErr := src.raw.Read(func(fd uintptr) bool {
			in, err = spliceOnce(int(fd), p.w, min(n-moved, pipeSize))
			return err != unix.EAGAIN
		})
		switch {
		case err == unix.EINVAL && moved == 0:
			p.release()
			return 0, false, nil, nil
		case waitErr != nil:
			p.release()
			return moved, true, waitErr, nil
		case err != nil:
			p.release()
			return moved, true, os.NewSyscallError("splice", err), nil
		case in == 0:
			p.release()
			return moved, true, io.EOF, nil
		}
		for read := moved + int64(in); in > 0; {
			before(read)
			out := 0
			waitErr := dst.raw.Write(func(fd uintptr) bool {
				out, err = spliceOnce(p.r, int(fd), int64(in))
				return err != unix.EAGAIN
			})
			if waitErr == nil && err != nil {
				waitErr = os.NewSyscallError("splice", err)
			}
			if waitErr != nil {
				p.close() // with what is in it
				return moved, true, nil, waitErr
			}
			in -= out
			moved += int64(out)
		}
	}
	p.release()
	return moved, true, nil, nil
}

// spliceOnce moves what can be moved without waiting.
func spliceOnce(from, to int, n int64) (int, error) {
	for {
		moved, err := unix.Splice(from, nil, to, nil, int(n), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return int(max(moved, 0)), err
		}
	}
}
