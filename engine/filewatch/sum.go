package filewatch

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
)

// sum stands for the content of a file.
type sum [sha256.Size]byte

// sumOf reads the file at path. Only regular files are read: to open a pipe may
// take for ever.
func sumOf(path string) (s sum, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return s, err
	}
	if !info.Mode().IsRegular() {
		return s, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return s, fmt.Errorf("read %s: %w", path, err)
	}
	h.Sum(s[:0])
	return s, nil
}
