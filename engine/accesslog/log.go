package accesslog

import (
	"bytes"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// bufferSize is the size of a buffer. There is one for each CPU, and one more that
// is being written.
const bufferSize = 512 << 10

// closeTime is how long Close waits for what is still to be written.
const closeTime = 3 * time.Second

// Log is an access log: New, Open, then Append from any goroutine, then Close. A
// nil Log is one that is off: Open, Reopen and Close do nothing then.
type Log struct {
	settings Settings
	format   format
	longest  int // bytes of a line
	log      *slog.Logger

	shards  []shard
	wake    chan struct{} // a buffer fills up
	files   chan file     // from Reopen
	used    chan struct{} // answers that
	stop    chan struct{} // closed by Close
	done    chan struct{} // closed by the writer
	opened  bool
	failing atomic.Bool // the last write went wrong

	lines atomic.Uint64 // written
	lost  int           // begun to be written when it was closed, set before done is closed
}

// shard is one of the buffers. A connection keeps to one, so that two CPUs rarely
// want the same.
type shard struct {
	mu      sync.Mutex
	buf     []byte // whole lines
	clock   clock
	dropped [drops]uint64
	_       [64]byte
}

// Drop is why a line was dropped.
type Drop uint8

// The reasons to drop a line.
const (
	BufferFull Drop = iota // lines come faster than they can be written
	WriteError             // writing fails, and meanwhile the buffers have filled up
	drops                  // their number
)

// Drops returns all reasons.
func Drops() []Drop { return []Drop{BufferFull, WriteError} }

// String returns the word the reason has in metrics.
func (d Drop) String() string {
	if d == WriteError {
		return "write_error"
	}
	return "buffer_full"
}

// New returns a Log that is not open yet. What goes wrong later is told to log.
func New(s Settings, log *slog.Logger) (*Log, error) {
	f, err := compile(s.Format)
	if err != nil {
		return nil, err
	}
	n := 1
	for n < runtime.GOMAXPROCS(0) {
		n *= 2
	}
	l := &Log{
		settings: s,
		format:   f,
		longest:  f.longest(),
		log:      log,
		shards:   make([]shard, n),
		wake:     make(chan struct{}, 1),
		files:    make(chan file),
		used:     make(chan struct{}),
		stop:     make(chan struct{}),
		done:     make(chan struct{}),
	}
	for i := range l.shards {
		l.shards[i].buf = l.newBuffer()
	}
	return l, nil
}

func (l *Log) newBuffer() []byte { return make([]byte, 0, max(bufferSize, 4*l.longest)) }

// Settings returns what the Log was made of: another with the same would do the
// same.
func (l *Log) Settings() Settings { return l.settings }

// Open opens the file and begins to write.
func (l *Log) Open() error {
	if l == nil {
		return nil
	}
	f, err := open(l.settings.Path)
	if err != nil {
		return err
	}
	l.opened = true
	w := &writer{Log: l, file: f, pending: l.newBuffer()}
	go w.run()
	return nil
}

// Append logs an exchange, if the settings choose it. stripe spreads the callers:
// those that run at once should have different ones.
func (l *Log) Append(stripe int, r *Record) {
	if !l.settings.wants(r) {
		return
	}
	s := &l.shards[stripe&(len(l.shards)-1)]
	s.mu.Lock()
	if len(s.buf)+l.longest <= cap(s.buf) {
		s.buf = l.format.append(s.buf, r, &s.clock)
	} else if l.failing.Load() {
		s.dropped[WriteError]++
	} else {
		s.dropped[BufferFull]++
	}
	hurry := len(s.buf) > cap(s.buf)/4
	s.mu.Unlock()
	if hurry && !l.failing.Load() { // else it tries again with the next tick
		select {
		case l.wake <- struct{}{}:
		default: // it knows
		}
	}
}

// Reopen opens the file by its name again, and returns when the lines go there:
// for who has moved the old one away. When that fails the old one stays in use.
func (l *Log) Reopen() error {
	if l == nil || !l.opened || l.settings.Path == "-" {
		return nil
	}
	f, err := open(l.settings.Path)
	if err != nil {
		return err
	}
	select {
	case l.files <- f:
		<-l.used
	case <-l.done:
		f.close()
	}
	return nil
}

// Close writes what is left and closes the file. Nothing is appended after it. It
// gives up when the file does not take it: what a blocked write waits for may
// never come.
func (l *Log) Close() {
	if l == nil || !l.opened {
		return
	}
	close(l.stop)
	lost := 0
	select {
	case <-l.done:
		lost = l.lost
	case <-time.After(closeTime):
	}
	if lost += l.buffered(); lost > 0 {
		l.log.Error("the last lines of the access log are lost", "lines", lost, "setting", "access_log.path")
	}
}

// retireTime is longer than any Append takes.
const retireTime = 100 * time.Millisecond

// Retire is Close for a log that has been replaced: an Append that has begun
// meanwhile is waited for.
func (l *Log) Retire() {
	if l != nil {
		time.Sleep(retireTime)
	}
	l.Close()
}

// buffered returns the number of lines that nobody has begun to write.
func (l *Log) buffered() (lines int) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		lines += bytes.Count(s.buf, newline)
		s.mu.Unlock()
	}
	return lines
}

var newline = []byte("\n")

// Lines returns how many lines were written.
func (l *Log) Lines() uint64 {
	if l == nil {
		return 0
	}
	return l.lines.Load()
}

// Dropped returns how many lines were dropped for a reason.
func (l *Log) Dropped(d Drop) (lines uint64) {
	if l == nil {
		return 0
	}
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		lines += s.dropped[d]
		s.mu.Unlock()
	}
	return lines
}
