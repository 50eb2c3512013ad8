package accesslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const patience = 20 * time.Second

// complaints is a log that is written and read at once.
type complaints struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(p)
}

func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}

// openLog opens a log with that template, which the test need not close.
func openLog(t testing.TB, path, template string) (*Log, *complaints) {
	t.Helper()
	said := &complaints{}
	l, err := New(Settings{Path: path, Format: template, Sample: 1}, slog.New(slog.NewTextHandler(said, nil)))
	require.NoError(t, err)
	require.NoError(t, l.Open())
	return l, said
}

// target is a record with that target.
func target(text string) *Record { return &Record{Target: []byte(text), Time: time.Unix(1, 0)} }

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func eventually(t testing.TB, holds func() bool, said *complaints) {
	t.Helper()
	require.Eventually(t, holds, patience, time.Millisecond, "its log: %s", said)
}

// Lines of many callers all arrive, whole, and each caller's in its order; what is
// in the file before stays.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("before\n"), 0o600))
	l, said := openLog(t, path, "${target}")
	const callers, each = 8, 2000
	var running sync.WaitGroup
	for c := range callers {
		running.Go(func() {
			for i := range each {
				l.Append(c, target(fmt.Sprintf("%d/%d", c, i)))
			}
		})
	}
	running.Wait()
	l.Close()
	lines := strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n")
	require.Equal(t, "before", lines[0])
	require.Len(t, lines, 1+callers*each)
	var next [callers]int
	for _, text := range lines[1:] {
		var c, i int
		_, err := fmt.Sscanf(text, "%d/%d", &c, &i)
		require.NoError(t, err, text)
		require.Equal(t, next[c], i)
		next[c]++
	}
	require.Equal(t, uint64(callers*each), l.Lines())
	require.Empty(t, said.String())
}

// Lines wait in their buffer for a second at most, without anybody asking.
func TestWrittenSoon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, said := openLog(t, path, "${target}")
	defer l.Close()
	l.Append(0, target("/"))
	eventually(t, func() bool { return read(t, path) == "/\n" }, said)
}

// After Reopen lines go to a new file of the name, and none is lost. A file that
// cannot be opened leaves the old one in use.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, said := openLog(t, path, "${target}")
	l.Append(0, target("first"))
	eventually(t, func() bool { return l.Lines() == 1 }, said)
	require.NoError(t, os.Rename(path, path+".1"))
	l.Append(0, target("second"))
	eventually(t, func() bool { return l.Lines() == 2 }, said)
	require.NoError(t, os.Mkdir(path, 0o700))
	require.ErrorContains(t, l.Reopen(), "access_log.path")
	l.Append(0, target("third"))
	eventually(t, func() bool { return l.Lines() == 3 }, said)
	require.NoError(t, os.Remove(path))
	require.NoError(t, l.Reopen())
	l.Append(0, target("fourth"))
	l.Close()
	require.Equal(t, "first\nsecond\nthird\n", read(t, path+".1"))
	require.Equal(t, "fourth\n", read(t, path))
	require.NoError(t, l.Reopen(), "after the end it does nothing")
}

// openFull opens a log on a disk that is always full.
func openFull(t *testing.T) (*Log, *complaints) {
	t.Helper()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip(err)
	}
	return openLog(t, full, "${target}")
}

// When a full disk is left for another, the line that it tore is whole there.
func TestReopenFromFullDisk(t *testing.T) {
	l, said := openFull(t)
	l.Append(0, target("a"))
	l.Append(0, target("b"))
	eventually(t, func() bool { return strings.Contains(said.String(), "no space left") }, said)
	l.settings.Path = filepath.Join(t.TempDir(), "log")
	require.NoError(t, l.Reopen())
	l.Close()
	require.Equal(t, "a\nb\n", read(t, l.settings.Path))

	w := &writer{pending: []byte("one\ntwo\nthree\n"), sent: len("one\ntw"), file: file{os.Stdout, false}}
	w.use(file{os.Stdout, false})
	require.Equal(t, "two\nthree\n", string(w.pending[w.sent:]))
}

// Lines that cannot be written at the end are told of.
func TestLostAtEnd(t *testing.T) {
	l, said := openFull(t)
	l.Append(0, target("a"))
	l.Append(1, target("b"))
	l.Close()
	require.Contains(t, said.String(), "lines=2")
}

// A pipe that nobody reads holds nobody up, neither at the start nor later, and a
// reader that comes gets whole lines.
func TestBlockedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	l, said := openLog(t, path, "${target}")
	long := strings.Repeat("x", 999)
	for range 5000 {
		l.Append(0, target(long))
	}
	require.NotZero(t, l.Dropped(BufferFull))
	eventually(t, func() bool { return strings.Contains(said.String(), "i/o timeout") }, said)
	require.NoError(t, l.Reopen())

	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	r := bufio.NewReader(f)
	for range 500 {
		text, err := r.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, long+"\n", text)
	}
	closed := make(chan struct{})
	go func() { l.Close(); close(closed) }()
	_, err = io.Copy(io.Discard, r)
	require.NoError(t, err)
	<-closed
}

// What is chosen is logged in any case, the rest by its share.
func TestWants(t *testing.T) {
	slow, failed, broken := &Record{Total: time.Second}, &Record{Failed: "client", Status: 200}, &Record{Status: 503}
	none := Settings{Only: Choice{Errors: true, SlowerThan: time.Second}}
	for _, r := range []*Record{slow, failed, broken} {
		require.True(t, none.wants(r))
	}
	require.False(t, none.wants(&Record{Status: 404, Total: time.Second - 1}))
	some, n := Settings{Sample: 0.25}, 0
	for range 10000 {
		if some.wants(failed) {
			n++
		}
	}
	require.InDelta(t, 2500, n, 500)
	require.Equal(t, some, Settings{Sample: 0.25})
}

// A line costs no allocation, whatever its format.
func TestAppendAllocatesNothing(t *testing.T) {
	for _, text := range []string{"json", "combined", "${client} ${request_id} ${time}"} {
		l, err := New(Settings{Format: text, Sample: 1}, nil)
		require.NoError(t, err)
		r := full()
		r.UserAgent = []byte("hostile \xff\u2028\"")
		require.Zero(t, testing.AllocsPerRun(100, func() { l.Append(0, r) }), text)
	}
}

// BenchmarkAppend is what a line costs the request.
func BenchmarkAppend(b *testing.B) {
	for _, text := range []string{"json", "combined", "${client} ${method} ${target} ${status} ${time_total}"} {
		b.Run(text, func(b *testing.B) {
			l, err := New(Settings{Format: text, Sample: 1}, nil) // nobody writes
			require.NoError(b, err)
			r := full()
			b.ReportAllocs()
			for b.Loop() {
				l.Append(0, r)
				l.shards[0].buf = l.shards[0].buf[:0]
			}
		})
	}
}
