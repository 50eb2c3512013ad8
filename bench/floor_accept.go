//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// listen prepares what serve needs.
func (f *floorServer) listen(addr string, backends []string) error {
	for _, b := range backends {
		sa, err := sockaddr(b)
		if err != nil {
			return err
		}
		f.backends = append(f.backends, *sa)
	}
	sa, err := sockaddr(addr)
	if err != nil {
		return err
	}
	if f.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
		return os.NewSyscallError("socket", err)
	}
	if err := unix.SetsockoptInt(f.listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(f.listener, sa); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(f.listener, 4096); err != nil {
		return os.NewSyscallError("listen", err)
	}
	if f.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create", err)
	}
	return f.control(unix.EPOLL_CTL_ADD, f.listener, unix.EPOLLIN)
}

// accept takes a client and connects to a backend for it. A client that has
// gone again is no error, nor is a backend that refuses.
func (f *floorServer) accept() error {
	client, _, err := unix.Accept4(f.listener, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	if err == unix.EAGAIN || err == unix.ECONNABORTED || err == unix.EINTR {
		return nil
	}
	if err != nil {
		return os.NewSyscallError("accept", err)
	}
	// Over loopback connect is done when it returns, as long as the backend's
	// queue has room.
	backend, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	to := &f.backends[f.next]
	f.next = (f.next + 1) % len(f.backends)
	f.pair(client, backend)
	err = unix.Connect(backend, to)
	for _, fd := range []int{client, backend} {
		if err == nil {
			err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		}
		if err == nil {
			err = unix.SetNonblock(fd, true)
		}
		if err == nil {
			err = f.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN)
		}
	}
	if err != nil {
		f.end(client)
	}
	return nil
}

func (f *floorServer) pair(a, b int) {
	for len(f.peers) <= max(a, b) {
		f.peers = append(f.peers, 0)
	}
	f.peers[a], f.peers[b] = int32(b), int32(a)
}

func sockaddr(addr string) (*unix.SockaddrInet4, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	ip := net.ParseIP(host).To4()
	if err != nil || ip == nil {
		return nil, fmt.Errorf("want an IPv4 address and a port: %q", addr)
	}
	return &unix.SockaddrInet4{Port: int(number), Addr: [4]byte(ip)}, nil
}
