//go:build linux

package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test program be a backend too: the rig starts its own
// executable as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "backend" {
		os.Exit(backendMain(os.Args[2:], os.Stderr))
	}
	goleak.VerifyTestMain(m)
}
