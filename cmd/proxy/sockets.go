package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/cloudflare/tableflip"
	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/engine/config"
)

// sockets are where listening sockets come from: from the process that this one
// takes over from, from the service manager that started it, or they are new.
type sockets struct {
	upgrader *tableflip.Upgrader
	given    map[string]net.Listener // by the service manager to this process, by name; until they are opened
}

// newSockets takes over what the process has inherited.
func newSockets(pidFile string) (*sockets, error) {
	upgrader, err := tableflip.New(tableflip.Options{PIDFile: pidFile})
	if err != nil {
		return nil, err
	}
	s := &sockets{upgrader: upgrader, given: make(map[string]net.Listener)}
	for _, f := range activation.Files(true) {
		err := s.keep(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("socket of the service manager: %w", err)
		}
	}
	return s, nil
}

// activated begins the names of sockets that belong to the service manager. Here
// they are plain files: it is for the manager to remove a Unix socket.
const activated = "activated "

// keep holds a socket of the service manager, for this process and those that
// take over from it.
func (s *sockets) keep(f *os.File) error {
	ln, err := net.FileListener(f)
	if err != nil {
		return err
	}
	name := activated + ln.Addr().Network() + " " + ln.Addr().String()
	s.given[name] = ln
	return s.upgrader.AddFile(name, f)
}

// open opens the socket of a listener.
func (s *sockets) open(c config.Listener) (engine.Socket, error) {
	network, address := engine.Network(c.Addr)
	if ln, err := s.activated(network, address); ln != nil || err != nil {
		return engine.Socket{Listener: ln, Shared: true}, err
	}
	ln, err := s.upgrader.Listener(network, address)
	if ln != nil && listens(ln) {
		return engine.Socket{Listener: ln}, nil
	}
	if err != nil {
		return engine.Socket{}, err
	}
	socket, err := engine.OpenSocket(c)
	if err != nil {
		return socket, err
	}
	if err := s.upgrader.AddListener(network, address, socket.Listener.(tableflip.Listener)); err != nil {
		_ = socket.Close()
		return engine.Socket{}, err
	}
	return socket, nil
}

// listens reports whether a socket takes connections. One that the process before
// this one has closed by a reload does not, and comes along all the same.
func listens(ln net.Listener) bool {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	accepts := 0
	_ = raw.Control(func(fd uintptr) { accepts, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN) })
	return accepts != 0
}

// activated returns the socket of the service manager for an address, nil when it
// gave none.
func (s *sockets) activated(network, address string) (net.Listener, error) {
	names := []string{address}
	if want, err := net.ResolveTCPAddr("tcp", address); network == "tcp" && err == nil {
		names = []string{want.String()}
		if want.IP == nil || want.IP.IsUnspecified() {
			for _, host := range []string{"::", "0.0.0.0"} {
				names = append(names, net.JoinHostPort(host, fmt.Sprint(want.Port)))
			}
		}
	}
	for _, name := range names {
		name = activated + network + " " + name
		if ln := s.given[name]; ln != nil {
			delete(s.given, name)
			return ln, nil
		}
		f, err := s.upgrader.File(name)
		if err != nil {
			return nil, err
		}
		if f != nil {
			defer f.Close()
			return net.FileListener(f)
		}
	}
	return nil, nil
}

// handOver is the name under which the state of the engine goes to the next
// process.
const handOver = "state"

// handOverTime is how long the next process may take to read that.
const handOverTime = time.Minute

// upgrade starts the program again, which takes over the sockets and the state. When
// it returns nil, the new process serves. Otherwise nothing has changed.
func (s *sockets) upgrade(state []byte) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := s.upgrader.AddFile(handOver, r); err != nil {
		_ = w.Close()
		return err
	}
	go func() {
		defer w.Close()
		_ = w.SetWriteDeadline(time.Now().Add(handOverTime))
		_, _ = w.Write(state) // a process that does not read it does without
	}()
	return s.upgrader.Upgrade()
}

// restore gives an engine the state that the process before this one has left, if
// there was one.
func (s *sockets) restore(e *engine.Engine) error {
	f, err := s.upgrader.File(handOver)
	if f == nil || err != nil {
		return err
	}
	defer f.Close()
	state, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	return e.Restore(state)
}
