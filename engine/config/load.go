package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxBytes is the size above which a file is refused unread.
const MaxBytes = 4 << 20

// Source is everything a configuration is made from. What comes later in it is
// stronger: a variable of Env replaces the value of the file, and Set replaces
// both. Only values outside listeners, pools and routes can be replaced.
type Source struct {
	Name string // what problems call the file; "proxy.yaml" when it is empty
	Data []byte // the file

	Env []string // as os.Environ gives it: PROXY_TIMEOUTS_CONNECT=3s; lists are separated by commas
	Set []string // timeouts.connect=3s

	Strategies []string // the names a strategy may have
}

// Load reads the file at path and parses it as Parse does. The Name and Data of
// s are not used. An error about a missing file wraps fs.ErrNotExist.
func Load(path string, s Source) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	s.Name, s.Data = path, data
	return Parse(s)
}

// Parse returns the configuration that s describes, with every default filled
// in, or an *Error that lists all that is wrong with it.
func Parse(s Source) (*Config, error) {
	if s.Name == "" {
		s.Name = "proxy.yaml"
	}
	r, d := newReader(s), newDraft()

	root, sound := r.parse()
	if sound {
		readKeys(r, fileKeys, d, root)
		r.checkInterval()
	}
	r.override(d)
	r.settleSample(d)
	if sound {
		r.readListeners(d)
		r.readPools(d)
		r.readRoutes(d)
		r.checkAddresses(d)
	}
	if len(r.found) > 0 {
		return nil, r.err()
	}
	return &d.Config, nil
}

func newReader(s Source) *reader {
	r := &reader{source: s, seen: map[string]node{}}
	for _, k := range fileKeys {
		r.names = append(r.names, k.name)
	}
	return r
}

// readFile reads a file that may grow or be a pipe, but never more than a
// little over MaxBytes of it.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("config: %s: %w; create it (a list of backends is enough) or name another file", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()

	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return data, nil
}
