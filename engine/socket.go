package engine

import (
	"context"
	"errors"
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

	file *socketFile // of a Unix socket that is this process's own
}

// Close closes the socket. Unless it is Shared, clients are refused from then on
// whoever holds a copy of it, and a Unix socket is gone from its folder.
func (s *Socket) Close() error {
	if s.file != nil && !s.Shared {
		s.file.remove()
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
	if network == "unix" {
		ln, err := listenUnix(address, c.SocketMode)
		return Socket{Listener: ln}, err
	}
	listen := net.ListenConfig{KeepAlive: keepAliveOfAccepted, Control: keepAlive}
	if c.ReusePort {
		listen.Control = func(network, address string, raw syscall.RawConn) error {
			return errors.Join(keepAlive(network, address, raw), reusePort(raw))
		}
	}
	ln, err := listen.Listen(context.Background(), network, address)
	return Socket{Listener: ln}, err
}

// openSocket opens the socket of a listener, from wherever Open has it. The file of
// a Unix socket is then removed with it.
func (e *Engine) openSocket(c config.Listener) (Socket, error) {
	s, err := e.Open(c)
	if ln, ok := s.Listener.(*net.UnixListener); ok && err == nil {
		ln.SetUnlinkOnClose(false)
		s.file = newSocketFile(ln.Addr().String())
	}
	return s, err
}

// addrText returns the address of a socket as the configuration would say it.
func addrText(addr net.Addr) string {
	if addr.Network() == "unix" {
		return "unix:" + addr.String()
	}
	return addr.String()
}

func reusePort(raw syscall.RawConn) error {
	var err error
	if e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }); e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt SO_REUSEPORT", err)
}
