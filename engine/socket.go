package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// Socket is a listening socket.
type Socket struct {
	net.Listener

	// Shared means that another process listens on the socket too, or will: a
	// service manager, or the process that takes over from this one. Then Close
	// takes nothing away from it.
	Shared bool
}

// Close closes the socket. Unless it is Shared, clients are refused from then on
// whoever holds a copy of it, and a Unix socket is gone from its folder.
func (s *Socket) Close() error {
	unixListener, isUnix := s.Listener.(*net.UnixListener)
	if isUnix {
		unixListener.SetUnlinkOnClose(!s.Shared)
	}
	if !s.Shared {
		s.control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	return s.Listener.Close()
}

// control calls f with the descriptor of the socket.
func (s *Socket) control(f func(fd uintptr)) {
	sc, ok := s.Listener.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := sc.SyscallConn(); err == nil {
		_ = raw.Control(f)
	}
}

// Network returns the network and the address of an address of the configuration,
// as net.Listen takes them.
func Network(addr string) (network, address string) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return "unix", path
	}
	return "tcp", addr
}

// OpenSocket opens the socket of a listener. A Unix socket that nobody listens on
// any more is replaced.
func OpenSocket(c config.Listener) (Socket, error) {
	network, address := Network(c.Addr)
	listen := net.ListenConfig{}
	if c.ReusePort {
		listen.Control = reusePort
	}
	ln, err := listen.Listen(context.Background(), network, address)
	if network == "unix" && errors.Is(err, syscall.EADDRINUSE) && isStale(address) {
		if err = os.Remove(address); err == nil {
			ln, err = listen.Listen(context.Background(), network, address)
		}
	}
	if err != nil {
		return Socket{}, err
	}
	if network == "unix" {
		if err := os.Chmod(address, c.SocketMode); err != nil {
			_ = ln.Close()
			return Socket{}, fmt.Errorf("socket_mode: %w", err)
		}
	}
	return Socket{Listener: ln}, nil
}

// isStale reports whether path is a socket that nobody listens on.
func isStale(path string) bool {
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	nc, err := net.Dial("unix", path)
	if err == nil {
		_ = nc.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func reusePort(_, _ string, raw syscall.RawConn) error {
	var err error
	if e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }); e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt SO_REUSEPORT", err)
}
