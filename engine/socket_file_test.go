package engine

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The socket file of a dead process is replaced; that of a living one and a file
// of another kind are left alone.
func TestSocketIsThereAlready(t *testing.T) {
	path := socketPath(t)
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	_, err = listenUnix(path, 0o600)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, path)

	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, ln.Close())
	ln, err = listenUnix(path, 0o600)
	require.NoError(t, err)
	newSocketFile(path).remove()
	require.NoError(t, ln.Close())

	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	_, err = listenUnix(path, 0o600)
	require.ErrorContains(t, err, "is not a socket")
	require.FileExists(t, path)
}
