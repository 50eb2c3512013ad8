package accesslog

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// file is what lines are written to.
type file struct {
	*os.File
	pipe bool
}

const (
	// pipeChunk is what a pipe takes in one piece or not at all, on every system
	// that counts (PIPE_BUF).
	pipeChunk = 4 << 10

	// pipeTime is how long a pipe may take nothing before that is an error.
	pipeTime = time.Second

	// fileMode lets a group read the log, and not everybody: it has the addresses
	// of people in it.
	fileMode = 0o640
)

// open opens the file at path, standard output for "-".
func open(path string) (file, error) {
	if path == "-" {
		return newFile(os.Stdout)
	}
	flags := os.O_APPEND | os.O_CREATE | os.O_WRONLY
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		// Opened for reading too, a pipe neither waits for its reader nor breaks
		// when that is restarted.
		flags = os.O_APPEND | os.O_RDWR
	}
	f, err := os.OpenFile(path, flags, fileMode)
	if err != nil {
		return file{}, fmt.Errorf("access_log.path: %w", err)
	}
	return newFile(f)
}

func newFile(f *os.File) (file, error) {
	info, err := f.Stat()
	if err != nil {
		return file{}, fmt.Errorf("access_log.path: %w", err)
	}
	return file{f, info.Mode()&os.ModeNamedPipe != 0}, nil
}

// write writes the beginning of b, which is whole lines, and returns how much that
// was. Each call of the system gets whole lines, so that those of two processes
// with the same file do not mix.
func (f file) write(b []byte) (int, error) {
	if !f.pipe {
		return f.Write(b)
	}
	_ = f.SetWriteDeadline(time.Now().Add(pipeTime)) // standard output may have none
	end := bytes.LastIndexByte(b[:min(len(b), pipeChunk)], '\n') + 1
	if end == 0 {
		end = bytes.IndexByte(b, '\n') + 1
	}
	return f.Write(b[:end])
}

// close closes the file, unless that is standard output.
func (f file) close() {
	if f.File != os.Stdout {
		_ = f.Close()
	}
}
