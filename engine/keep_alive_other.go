//go:build !linux

package engine

import "syscall"

// keepAliveOfAccepted leaves TCP keep-alive of accepted connections to package net.
const keepAliveOfAccepted = 0

func keepAlive(_, _ string, _ syscall.RawConn) error { return nil }
