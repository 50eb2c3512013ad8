package filewatch

import (
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many symbolic links a path may lead through, as on Linux.
const maxLinks = 40

// trails is where paths lead.
type trails struct {
	dirs  map[string]struct{} // directories to watch, without links in their names
	names map[string]struct{} // of all that decides where the paths lead
}

// concerns reports whether what happened to name may have changed a file.
func (t trails) concerns(name string) bool {
	if _, ok := t.names[name]; ok {
		return true
	}
	_, ok := t.dirs[name]
	return ok
}

// pass notes that a path leads through the entry name of the directory dir.
func (t trails) pass(dir, name string) {
	t.dirs[dir] = struct{}{}
	t.names[filepath.Join(dir, name)] = struct{}{}
}

// follow goes along each path as the system does when it opens the file. A
// directory is of interest when the path leads through a link in it, when it
// holds the file, or when it lacks what comes next.
func follow(paths []string) trails {
	t := trails{dirs: make(map[string]struct{}), names: make(map[string]struct{})}
	for _, path := range paths {
		if path, err := filepath.Abs(path); err == nil {
			t.follow(path)
		}
	}
	return t
}

func (t trails) follow(path string) {
	dir, rest := split(path)
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		here := filepath.Join(dir, name)
		info, err := os.Lstat(here)
		if err != nil {
			t.pass(dir, name)
			return
		}
		if info.Mode()&os.ModeSymlink == 0 {
			if len(rest) == 0 {
				t.pass(dir, name)
			}
			dir = here
			continue
		}
		t.pass(dir, name)
		target, err := os.Readlink(here)
		if links++; err != nil || links > maxLinks {
			return
		}
		if filepath.IsAbs(target) {
			root, names := split(target)
			dir, rest = root, append(names, rest...)
		} else {
			rest = append(strings.Split(target, string(filepath.Separator)), rest...)
		}
	}
}

// split returns the root of an absolute path and the names below it.
func split(path string) (root string, names []string) {
	volume := filepath.VolumeName(path)
	return volume + string(filepath.Separator), strings.Split(path[len(volume):], string(filepath.Separator))
}
