package filewatch

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tester is a directory in which files are changed while some are watched.
type tester struct {
	t    *testing.T
	dir  string
	told atomic.Int64
	w    *Watcher
}

// newTester makes a directory with files of these names; their content is "old".
func newTester(t *testing.T, files ...string) *tester {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	x := &tester{t: t, dir: dir}
	for _, f := range files {
		x.write(f, "old")
	}
	return x
}

func (x *tester) path(name string) string { return filepath.Join(x.dir, name) }

func (x *tester) write(name, content string) {
	x.t.Helper()
	require.NoError(x.t, os.MkdirAll(filepath.Dir(x.path(name)), 0o755))
	require.NoError(x.t, os.WriteFile(x.path(name), []byte(content), 0o600))
}

func (x *tester) rename(from, to string) {
	x.t.Helper()
	require.NoError(x.t, os.Rename(x.path(from), x.path(to)))
}

func (x *tester) remove(name string) {
	x.t.Helper()
	require.NoError(x.t, os.RemoveAll(x.path(name)))
}

// link makes name a symbolic link, at once also where there was one.
func (x *tester) link(target, name string) {
	x.t.Helper()
	require.NoError(x.t, os.Symlink(target, x.path(name)+".tmp"))
	x.rename(name+".tmp", name)
}

func (x *tester) paths(names []string) []string {
	for i, n := range names {
		names[i] = x.path(n)
	}
	return names
}

// watch watches files for as long as the test runs, with an hour between sweeps.
func (x *tester) watch(names ...string) { x.t.Helper(); x.watchEvery(time.Hour, names...) }

func (x *tester) watchEvery(sweep time.Duration, names ...string) {
	x.t.Helper()
	var err error
	x.w, err = start(x.paths(names), func() { x.told.Add(1) }, sweep)
	require.NoError(x.t, err)
	x.t.Cleanup(func() { require.NoError(x.t, x.w.Close()) })
}

// open makes a watcher that looks only when the test does.
func (x *tester) open(names ...string) *Watcher {
	x.t.Helper()
	w, err := open(x.paths(names), nil)
	require.NoError(x.t, err)
	x.t.Cleanup(func() { require.NoError(x.t, w.fs.Close()) })
	return w
}

// wantTold waits until a change was told.
func (x *tester) wantTold() {
	x.t.Helper()
	require.Eventually(x.t, func() bool { return x.told.Swap(0) > 0 }, 20*time.Second, 5*time.Millisecond)
}

// A file that is written in place is told.
func TestWrite(t *testing.T) {
	x := newTester(t, "f")
	x.watch("f")
	x.write("f", "new")
	x.wantTold()
	x.write("f", "newer")
	x.wantTold()
}

// A file that an editor renames over another is told, each time.
func TestRename(t *testing.T) {
	x := newTester(t, "f")
	x.watch("f")
	for _, content := range []string{"new", "newer", "newest"} {
		x.write("f.swp", content)
		x.rename("f.swp", "f")
		x.wantTold()
	}
}

// A file that vanishes is no change; when it comes back with other content it is
// told, and with the same it is not.
func TestVanish(t *testing.T) {
	x := newTester(t, "f")
	w := x.open("f")
	require.False(t, w.look())
	x.remove("f")
	require.False(t, w.look())
	x.write("f", "old")
	require.False(t, w.look())
	x.remove("f")
	require.False(t, w.look())
	x.write("f", "new")
	require.True(t, w.look())
	require.False(t, w.look())
}

// Files that vanish with their directory are told when they come back in another.
func TestDirectoryVanishes(t *testing.T) {
	x := newTester(t, "a/b/f")
	x.watch("a/b/f")
	for _, content := range []string{"new", "newer"} {
		x.remove("a/b")
		x.write("a/b/f", content)
		x.wantTold()
	}
	x.write("next/f", "newest")
	x.rename("a/b", "a/former")
	x.rename("next", "a/b")
	x.wantTold()
	x.write("a/b/f", "last")
	x.wantTold()
}

// A file that was not there at first is told when it appears, with its directories.
func TestAppear(t *testing.T) {
	x := newTester(t)
	x.watch("a/b/f")
	x.write("a/b/f", "new")
	x.wantTold()
}

// Kubernetes keeps files behind two links and swaps the one that stands for the
// directory; each swap is told, and so is the removal of what it led to before.
func TestKubernetes(t *testing.T) {
	x := newTester(t, "..1/tls.crt", "..1/tls.key")
	x.link("..1", "..data")
	x.link("..data/tls.crt", "tls.crt")
	x.link("..data/tls.key", "tls.key")
	x.watch("tls.crt", "tls.key")
	former := "..1"
	for _, next := range []string{"..2", "..3"} {
		x.write(next+"/tls.crt", next)
		x.write(next+"/tls.key", next)
		x.link(next, "..data")
		x.remove(former)
		x.wantTold()
		former = next
	}
}

// A link to a file is told when it is pointed elsewhere, and when the file behind
// it changes in a directory of its own.
func TestLink(t *testing.T) {
	x := newTester(t, "one/f", "two/g")
	x.link(x.path("one/f"), "f")
	x.watch("f")
	x.write("one/f", "new")
	x.wantTold()
	x.write("two/g", "newer")
	x.link("two/g", "f")
	x.wantTold()
	x.write("two/g", "newest")
	x.wantTold()
}

// A directory in the middle of a path may be a link that is swapped.
func TestLinkedDirectory(t *testing.T) {
	x := newTester(t, "releases/1/conf/f")
	x.link("releases/1", "current")
	x.watch("current/conf/f")
	x.write("releases/2/conf/f", "new")
	x.link("releases/2", "current")
	x.wantTold()
	x.write("releases/2/conf/f", "newer")
	x.wantTold()
}

// Other files of the directory concern nobody, nor do links that lead in a circle,
// and no directory is watched that the paths do not lead through any more.
func TestTrails(t *testing.T) {
	x := newTester(t, "one/f", "two/f")
	x.link("one", "current")
	x.link("circle", "circle")
	w := x.open("current/f", "circle")
	require.ElementsMatch(t, []string{x.dir, x.path("one")}, w.fs.WatchList())
	require.True(t, w.trails.concerns(x.path("current")))
	require.True(t, w.trails.concerns(x.path("one/f")))
	require.True(t, w.trails.concerns(x.path("one")))
	require.False(t, w.trails.concerns(x.path("one/g")))
	require.False(t, w.trails.concerns(x.path("g")))
	x.link("two", "current")
	require.False(t, w.look(), "the content is the same")
	require.ElementsMatch(t, []string{x.dir, x.path("two")}, w.fs.WatchList())
}

// A change that no event tells, here that of a directory two levels up, is found
// by the sweep.
func TestSweep(t *testing.T) {
	x := newTester(t, "a/b/c/f", "x/b/c/f")
	x.watchEvery(20*time.Millisecond, "a/b/c/f")
	x.write("x/b/c/f", "new")
	x.rename("a", "former")
	x.rename("x", "a")
	x.wantTold()
}

// What is no regular file is not opened: a pipe would keep the watcher for ever.
func TestOnlyRegularFiles(t *testing.T) {
	_, err := sumOf(t.TempDir())
	require.ErrorContains(t, err, "no regular file")
	_, err = sumOf(os.DevNull)
	require.ErrorContains(t, err, "no regular file")
}

// After Close nothing is told any more.
func TestClose(t *testing.T) {
	x := newTester(t, "f")
	w, err := start([]string{x.path("f")}, func() { x.told.Add(1) }, time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	x.write("f", "new")
	require.True(t, w.look(), "it would have been told")
	require.Zero(t, x.told.Load())
}
