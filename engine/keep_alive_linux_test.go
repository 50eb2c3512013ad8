package engine

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// A connection that the listener accepts is watched with TCP keep-alive, as one of
// package net is.
func TestAcceptedKeepAlive(t *testing.T) {
	ours, err := OpenSocket(config.Listener{Addr: "127.0.0.1:0"})
	require.NoError(t, err)
	theirs, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.Equal(t, acceptedOptions(t, theirs), acceptedOptions(t, ours.Listener))
}

// acceptedOptions returns the values of keepAliveOptions on a connection that ln
// has accepted.
func acceptedOptions(t *testing.T, ln net.Listener) []int {
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	nc, err := ln.Accept()
	require.NoError(t, err)
	defer nc.Close()
	var values []int
	require.NoError(t, http1.Raw(nc).Control(func(fd uintptr) {
		for _, o := range keepAliveOptions {
			value, err := unix.GetsockoptInt(int(fd), o.level, o.name)
			require.NoError(t, err)
			values = append(values, value)
		}
	}))
	return values
}
