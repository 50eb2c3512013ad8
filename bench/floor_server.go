//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// floorServer gives each client's connection one to a backend of its own and
// copies between the two, in one thread and with one buffer. A request and its
// answer are two calls to receive and two to send, and a share of one to wait.
// No byte is looked at, nothing is allocated, locked, counted, or scheduled.
//
// That is what every proxy must pay the kernel that copies bytes between two
// sockets, and therefore the floor of what one can cost per request. Only large
// bodies have a way below it: to let the kernel move them without a copy.
type floorServer struct {
	epoll    int
	listener int
	backends []unix.SockaddrInet4
	next     int // backend of the next connection

	peers   []int32      // the other end of each open file; 0 for none
	pending map[int]rest // what an end could not take yet
	buffer  []byte       // to receive into
	unused  [][]byte     // other buffers
}

// rest is what is left of a buffer to send.
type rest struct {
	buffer     []byte
	start, end int
}

// floorBuffer is the most that moves with one call.
const floorBuffer = 64 << 10

// floorMain is the subcommand "floor".
func floorMain(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:0", "host:port to serve on")
	list := flags.String("backends", "", "host:port of each backend, by commas")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	debug.SetGCPercent(-1) // Buffers are used again, and a collector would wait for ever.
	f := floorServer{pending: map[int]rest{}, buffer: make([]byte, floorBuffer)}
	err := f.listen(*addr, strings.Split(*list, ","))
	if err == nil {
		err = f.serve()
	}
	fmt.Fprintln(stderr, "bench: floor:", err)
	return 1
}

// serve waits for events for ever. It and what it calls for every request make
// raw system calls: those that tell the Go scheduler cost more.
func (f *floorServer) serve() error {
	var events [512]unix.EpollEvent
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(f.epoll),
			uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), ^uintptr(0), 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return os.NewSyscallError("epoll_wait", errno)
		}
		for i := range events[:n] {
			fd := int(events[i].Fd)
			switch {
			case fd == f.listener:
				if err := f.accept(); err != nil {
					return err
				}
			case events[i].Events&unix.EPOLLOUT != 0:
				f.flush(fd)
			default:
				f.pass(fd)
			}
		}
	}
}

// pass receives what one end has sent, as much as fits, and sends it to the
// other.
func (f *floorServer) pass(from int) {
	to := int(f.peers[from])
	if to == 0 {
		return // An event from before its end.
	}
	n, errno := transfer(unix.SYS_READ, from, f.buffer)
	if errno == unix.EAGAIN || errno == unix.EINTR {
		return
	}
	if errno != 0 || n == 0 {
		f.end(from)
		return
	}
	sent, errno := transfer(unix.SYS_WRITE, to, f.buffer[:n])
	if errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR {
		f.end(from)
		return
	}
	if sent < n {
		// Until the rest is sent nothing more is received from either end. The buffer
		// stays with the rest.
		f.pending[to] = rest{f.buffer, sent, n}
		f.buffer = f.takeBuffer()
		f.watch(from, 0)
		f.watch(to, unix.EPOLLOUT)
	}
}

// flush sends what an end could not take before.
func (f *floorServer) flush(to int) {
	from := int(f.peers[to])
	if from == 0 {
		return
	}
	left := f.pending[to]
	sent, errno := transfer(unix.SYS_WRITE, to, left.buffer[left.start:left.end])
	if errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR {
		f.end(to)
		return
	}
	if left.start += sent; left.start < left.end {
		f.pending[to] = left
		return
	}
	f.forget(to)
	f.watch(from, unix.EPOLLIN)
	f.watch(to, unix.EPOLLIN)
}

func (f *floorServer) takeBuffer() []byte {
	last := len(f.unused) - 1
	if last < 0 {
		return make([]byte, floorBuffer)
	}
	b := f.unused[last]
	f.unused = f.unused[:last]
	return b
}

// forget takes the buffer back that an end had a rest in, if it had.
func (f *floorServer) forget(to int) {
	if left, ok := f.pending[to]; ok {
		delete(f.pending, to)
		f.unused = append(f.unused, left.buffer)
	}
}

// end closes both ends of a pair.
func (f *floorServer) end(fd int) {
	for _, fd := range []int{fd, int(f.peers[fd])} {
		f.forget(fd)
		f.peers[fd] = 0
		_ = unix.Close(fd) // Nobody is left to be told.
	}
}

// watch changes what an end is waited for. It can fail only for a file that is
// not open.
func (f *floorServer) watch(fd int, events uint32) { _ = f.control(unix.EPOLL_CTL_MOD, fd, events) }

func (f *floorServer) control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(f.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

// transfer reads or writes at most once and returns how many bytes that moved.
func transfer(call uintptr, fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
