//go:build linux

package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain lets the test program be a server too: the rig starts its own
// executable as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if serve := servers[os.Args[1]]; serve != nil {
			os.Exit(serve(os.Args[2:], os.Stderr))
		}
	}
	goleak.VerifyTestMain(m)
}

func self(t *testing.T) string {
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

// -help explains all scenarios, contenders and flags, and is no failure.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-help"}, {"compare", "-help"}} {
		var out bytes.Buffer
		require.Zero(t, run(args, &out, &out))
		for _, name := range append(names(scenarios), names(contenders)...) {
			require.Contains(t, out.String(), name)
		}
		require.Contains(t, out.String(), "-rounds")
	}
}

// Wrong arguments are told and have an exit code of their own.
func TestRunRefuses(t *testing.T) {
	var out bytes.Buffer
	require.Equal(t, 2, run([]string{"-scenario", "huge"}, &out, &out))
	require.Contains(t, out.String(), "huge")
}
