package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// socketFile is the file of a Unix socket.
type socketFile struct {
	path string
	info fs.FileInfo // nil: it was gone when it was looked for
	once sync.Once
}

func newSocketFile(path string) *socketFile {
	info, _ := os.Lstat(path)
	return &socketFile{path: path, info: info}
}

// remove removes the file, unless another process has put its own in its place.
// The first call comes while the socket is open, so that no new file can have its
// number; the others do nothing.
func (s *socketFile) remove() {
	s.once.Do(func() {
		if now, err := os.Lstat(s.path); err == nil && s.info != nil && os.SameFile(s.info, now) {
			_ = os.Remove(s.path)
		}
	})
}

// listenUnix listens on a socket file that it makes, with the permissions mode. A
// file that nobody listens on any more is replaced.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// A mask gives the file its permissions when it is made: changed later, it
	// would be open to others in between.
	mask := syscall.Umask(0o777 &^ int(mode))
	defer syscall.Umask(mask)
	return net.Listen("unix", path)
}

// removeStale removes the socket file of a process that has died. That of a living
// one is an error, as is a file of another kind.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already and is not a socket", path)
	}
	nc, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	case err == nil:
		_ = nc.Close()
		return fmt.Errorf("%s: %w", path, syscall.EADDRINUSE)
	}
	return err
}
