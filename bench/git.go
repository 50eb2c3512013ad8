//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// checkOut puts the files of a commit into the folder tree, and returns the
// commit's full name. The folder is a clone that borrows the objects, so that
// nothing in the repository changes.
func checkOut(ctx context.Context, ref, tree string) (commit string, err error) {
	if strings.HasPrefix(ref, "-") {
		return "", fmt.Errorf("-base: %q is no name of a commit", ref)
	}
	if commit, err = git(ctx, "rev-parse", "--verify", "--end-of-options", ref+"^{commit}"); err != nil {
		return "", fmt.Errorf("-base: %w", err)
	}
	if _, err = git(ctx, "clone", "--quiet", "--shared", "--no-checkout", ".", tree); err != nil {
		return "", err
	}
	_, err = git(ctx, "-C", tree, "checkout", "--quiet", "--detach", commit)
	return commit, err
}

func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(string(failed.Stderr)))
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// filesState says which commit the files here are of, and whether they differ
// from it.
func filesState(ctx context.Context) string {
	commit, err := git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return "of no known commit"
	}
	text := fmt.Sprintf("commit %.12s", commit)
	changes, err := git(ctx, "--no-optional-locks", "status", "--porcelain", "--",
		"cmd", "engine", "limiter", "pool", "go.mod", ":!*_test.go")
	if err != nil || changes != "" {
		text += " with changes"
	}
	return text
}
