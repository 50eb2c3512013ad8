package accesslog

import (
	"bytes"
	"time"
)

const (
	writeEvery    = time.Second      // a line waits in its buffer no longer
	complainEvery = 10 * time.Second // about a file that cannot be written
)

// writer writes the buffers out. It is one goroutine, which Close ends.
type writer struct {
	*Log
	file file

	pending []byte // whole lines
	sent    int    // bytes of them that were written

	complained time.Time
	told       bool // that it fails
}

func (w *writer) run() {
	defer close(w.done)
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.wake:
		case <-tick.C:
		case f := <-w.files:
			w.flush()
			w.use(f)
			w.used <- struct{}{}
		case <-w.stop:
			w.flush()
			w.file.close()
			w.lost = bytes.Count(w.pending[w.sent:], newline)
			return
		}
		w.flush()
	}
}

// use goes on with another file. A line of which a part has been written to the
// old one is written whole to the new one.
func (w *writer) use(f file) {
	w.file.close()
	w.file = f
	w.sent = bytes.LastIndexByte(w.pending[:w.sent], '\n') + 1
}

// flush writes what was not written before, and then each buffer once.
func (w *writer) flush() {
	if !w.write() {
		return
	}
	for i := range w.shards {
		w.take(&w.shards[i])
		if !w.write() {
			return
		}
	}
}

// take exchanges a buffer for the one that has been written.
func (w *writer) take(s *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf, w.pending, w.sent = w.pending[:0], s.buf, 0
}

// write writes what is pending, and reports whether all of it is out. What is not
// stays pending: when there is room again, the file goes on where it broke off,
// in the middle of a line if need be.
func (w *writer) write() bool {
	for w.sent < len(w.pending) {
		n, err := w.file.write(w.pending[w.sent:])
		w.lines.Add(uint64(bytes.Count(w.pending[w.sent:w.sent+n], newline)))
		w.sent += n
		if err != nil {
			w.fail(err)
			return false
		}
	}
	if w.failing.Swap(false) && w.told {
		w.told = false
		w.log.Info("the access log is written again", "dropped", w.Dropped(WriteError))
	}
	return true
}

// fail takes note of a write that went wrong.
func (w *writer) fail(err error) {
	w.failing.Store(true)
	if now := time.Now(); now.Sub(w.complained) >= complainEvery {
		w.complained, w.told = now, true
		w.log.Error("the access log cannot be written; lines are dropped when its buffers are full",
			"error", err, "dropped", w.Dropped(WriteError), "setting", "access_log.path")
	}
}
