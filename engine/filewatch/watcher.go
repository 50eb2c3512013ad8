// Package filewatch tells when the contents of files have changed, however the
// change came about: written in place, renamed over as editors do, or behind a
// symbolic link that was pointed elsewhere, as Kubernetes does with its ..data.
package filewatch

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// What the waiting is made of.
const (
	// settle is how long all must have been quiet before the files are read: a
	// change is often several writes or files.
	settle = 100 * time.Millisecond

	// sweep is how often the files are read without being told to. File systems
	// on the network tell nothing, and the number of watches is limited.
	sweep = time.Minute
)

// Watcher watches a fixed list of files.
type Watcher struct {
	paths    []string
	onChange func()

	fs     *fsnotify.Watcher
	trails trails         // what the paths led through when last followed
	sums   map[string]sum // of each path when it could last be read

	stop chan struct{}
	done sync.WaitGroup
}

// New watches the files at paths, which need not exist yet. It calls onChange,
// never twice at a time, after the content of one of them has become another than
// it was at the last call, or when New returned; so start the watcher before the
// files are read. A file that vanishes is no change: whoever replaces a file may
// remove it first. onChange must not call Close.
func New(paths []string, onChange func()) (*Watcher, error) {
	return start(paths, onChange, sweep)
}

func start(paths []string, onChange func(), sweep time.Duration) (*Watcher, error) {
	w, err := open(paths, onChange)
	if err != nil {
		return nil, err
	}
	w.stop = make(chan struct{})
	w.done.Go(func() { w.run(sweep) })
	return w, nil
}

// open returns a watcher that knows the files as they are and does not run yet.
func open(paths []string, onChange func()) (*Watcher, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("filewatch: %w (on Linux fs.inotify.max_user_instances may have to be raised)", err)
	}
	w := &Watcher{paths: slices.Clone(paths), onChange: onChange, fs: fs, sums: make(map[string]sum)}
	w.look()
	return w, nil
}

// Close ends the watching; after it has returned onChange is not called any more.
func (w *Watcher) Close() error {
	close(w.stop)
	w.done.Wait()
	return w.fs.Close()
}

// run waits for the file system to tell something that may concern the files, and
// looks once it has settled.
func (w *Watcher) run(every time.Duration) {
	sweep := time.NewTicker(every)
	defer sweep.Stop()
	settled := time.NewTimer(settle)
	settled.Stop()
	defer settled.Stop()
	for {
		select {
		case <-w.stop:
			return
		case e := <-w.fs.Events:
			if !w.trails.concerns(e.Name) {
				continue
			}
			settled.Reset(settle)
			continue
		case <-w.fs.Errors: // events were lost, or a watch
			settled.Reset(settle)
			continue
		case <-settled.C:
		case <-sweep.C:
		}
		if w.look() {
			w.onChange()
		}
	}
}

// look reports whether a file has other content than when it was last read. The
// watches are set before the files are read, so that what changes after the
// reading is told.
func (w *Watcher) look() bool {
	w.follow()
	changed := false
	for _, path := range w.paths {
		now, err := sumOf(path)
		if err != nil {
			continue
		}
		if before, known := w.sums[path]; !known || before != now {
			w.sums[path] = now
			changed = true
		}
	}
	return changed
}

// follow watches every directory the paths lead through, and none else. A link
// may be changed after it was followed and before its directory is watched,
// hence the repetition; a directory that cannot be watched is left to the sweep.
func (w *Watcher) follow() {
	for range 3 {
		found := follow(w.paths)
		for dir := range found.dirs {
			_ = w.fs.Add(dir)
		}
		again := !found.equal(w.trails)
		w.trails = found
		if !again {
			break
		}
	}
	for _, dir := range w.fs.WatchList() {
		if _, ok := w.trails.dirs[dir]; !ok {
			_ = w.fs.Remove(dir)
		}
	}
}

// equal reports whether both trails lead through the same names.
func (t trails) equal(o trails) bool {
	return maps.Equal(t.dirs, o.dirs) && maps.Equal(t.names, o.names)
}
