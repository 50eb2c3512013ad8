//go:build linux

package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A tool is a load generator.
type tool struct {
	name, install string
	version       func(ctx context.Context, path string) string
}

var tools = []tool{
	{"wrk", "apt-get install wrk", func(ctx context.Context, path string) string { return firstLine(ctx, path, "-v") }},
	{"vegeta", "go install github.com/tsenart/vegeta/v12@v12.13.0", builtFrom},
}

// needed reports whether one of the scenarios uses the tool of that name.
func needed(name string, all []scenario) bool {
	return slices.ContainsFunc(all, func(s scenario) bool { return slices.Contains(s.tools(), name) })
}

// missingError says that a program is not installed.
type missingError struct{ program, install string }

func (e missingError) Error() string {
	return fmt.Sprintf("%s is not installed; to install it: %s", e.program, e.install)
}

// installed looks for a program where it is installed by default, which need
// not be on every user's PATH.
func installed(program, install string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return filepath.Abs(path)
	}
	dirs := []string{"/usr/sbin", "/usr/local/sbin"}
	if gopath, err := exec.Command("go", "env", "GOPATH").Output(); err == nil {
		dirs = append(dirs, filepath.Join(strings.TrimSpace(string(gopath)), "bin"))
	}
	for _, dir := range dirs {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", missingError{program, install}
}

// firstLine runs a program and returns the first line it prints. Exit codes do
// not matter: wrk shows its version together with a complaint.
func firstLine(ctx context.Context, path string, args ...string) string {
	out, _ := exec.CommandContext(ctx, path, args...).CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// builtFrom describes a Go program by what its build recorded.
func builtFrom(_ context.Context, path string) string {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "of unknown version"
	}
	text := fmt.Sprintf("%s %s, %s", info.Main.Path, info.Main.Version, info.GoVersion)
	for _, dep := range info.Deps {
		if dep.Path == "github.com/valyala/fasthttp" {
			text += ", fasthttp " + dep.Version
		}
	}
	return text
}
