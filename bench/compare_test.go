//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// twoBuilds is a rig in which a comparison has been measured.
func twoBuilds(base, current []sample) *report {
	r := rig{scenario: small}
	before, after := goproxyreverso, goproxyreverso
	before.name, after.name = baseName, newName
	enter(&r, before, variant{}, base...)
	enter(&r, after, variant{}, current...)
	return &report{rig: &r, Comparisons: compareBuilds(&r)}
}

// A build that costs less in every one of enough rounds is told to, whatever the
// machine did meanwhile.
func TestCompareDifference(t *testing.T) {
	rep := twoBuilds(cpus(10, 20, 10, 30, 10, 10, 20), cpus(9, 18, 9, 27, 9, 9, 18))
	c := rep.Comparisons[0]
	require.Equal(t, &spread{Median: 0.9, Q1: 0.9, Q3: 0.9}, c.Ratio)
	require.Equal(t, "lower", c.verdict())
	var out bytes.Buffer
	writeComparison(&out, rep)
	require.Regexp(t, `\n *base +new +new/base +quartiles +chance\nCPU µs per request +10\.00 +9\.00 +0\.900 +0\.900 - 0\.900 +0\.016 +lower\n`, "\n"+out.String())
}

// A build that is now better, now worse, is not told to be different, however far
// apart the medians are.
func TestCompareNoise(t *testing.T) {
	rep := twoBuilds(cpus(10, 10, 10, 10, 10, 10, 10), cpus(5, 15, 5, 15, 5, 15, 5))
	require.Equal(t, "no difference seen", rep.Comparisons[0].verdict())
}

// The files of a commit are put aside, and the repository stays as it is.
func TestCheckOut(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	t.Chdir(t.TempDir())
	run := func(args ...string) string {
		out, err := git(t.Context(), append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		require.NoError(t, err)
		return out
	}
	commit := func(text string) {
		require.NoError(t, os.WriteFile("file", []byte(text), 0o644))
		run("add", "file")
		run("commit", "--quiet", "--no-gpg-sign", "-m", text)
	}
	run("init", "--quiet")
	commit("old")
	first := run("rev-parse", "HEAD")
	commit("new")
	require.NoError(t, os.WriteFile("file", []byte("not committed"), 0o644))
	before := run("status", "--porcelain")

	tree := filepath.Join(t.TempDir(), "tree")
	got, err := checkOut(t.Context(), "HEAD~1", tree)
	require.NoError(t, err)
	require.Equal(t, first, got)
	text, err := os.ReadFile(filepath.Join(tree, "file"))
	require.NoError(t, err)
	require.Equal(t, "old", string(text))

	require.Equal(t, before, run("status", "--porcelain"))
	require.Len(t, bytes.Split([]byte(run("worktree", "list")), []byte("\n")), 1)

	for _, ref := range []string{"none", "--help", "-v", ""} {
		_, err = checkOut(t.Context(), ref, filepath.Join(t.TempDir(), "tree"))
		require.ErrorContains(t, err, "-base", ref)
	}
}
