package accesslog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A full disk drops lines and counts them, says so once, and is written on where
// it broke off as soon as there is room: no line is torn.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("needs to mount a small file system: ", err)
	}
	defer func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) }()
	ballast, path := filepath.Join(dir, "ballast"), filepath.Join(dir, "log")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 40<<10), 0o600))
	l, said := openLog(t, path, "${target}")
	long := strings.Repeat("x", 1000)
	fill := func() {
		for range 2000 {
			l.Append(0, target(long))
		}
	}
	fill()
	eventually(t, func() bool { return strings.Contains(said.String(), "no space left on device") }, said)
	fill()
	require.NotZero(t, l.Dropped(WriteError))
	require.NotZero(t, len(read(t, path))%(len(long)+1), "the disk was full in the middle of a line")
	require.Contains(t, said.String(), "setting=access_log.path")

	require.NoError(t, unix.Mount("", dir, "", unix.MS_REMOUNT, "size=64m"))
	eventually(t, func() bool { return strings.Contains(said.String(), "written again") }, said)
	l.Append(0, target("last"))
	l.Close()
	lines := strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n")
	for _, text := range lines[:len(lines)-1] {
		require.Equal(t, long, text)
	}
	require.Equal(t, "last", lines[len(lines)-1])
	require.Equal(t, uint64(len(lines)), l.Lines())
	require.Equal(t, 4001, len(lines)+int(l.Dropped(WriteError)+l.Dropped(BufferFull)), "each line is in the file or counted")
	require.Equal(t, 1, strings.Count(said.String(), "cannot be written"))
}
