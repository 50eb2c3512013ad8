package engine

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// keepAliveOfAccepted keeps package net from watching each accepted connection with
// TCP keep-alive by itself: on Linux they inherit that from the listening socket,
// which saves four system calls for each.
const keepAliveOfAccepted = -1

// What package net sets where nothing else is asked for.
var keepAliveOptions = [...]struct{ level, name, value int }{
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},  // seconds
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15}, // seconds
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9},
}

// keepAlive sets up a socket that is to listen.
func keepAlive(_, _ string, raw syscall.RawConn) error {
	var err error
	e := raw.Control(func(fd uintptr) {
		for _, o := range keepAliveOptions {
			if err == nil {
				err = unix.SetsockoptInt(int(fd), o.level, o.name, o.value)
			}
		}
	})
	if e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt keep-alive", err)
}
