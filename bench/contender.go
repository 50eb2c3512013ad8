//go:build linux

package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// A contender is a program that answers the load generators, as a process of
// its own.
type contender struct {
	name string

	// find returns the path of the program, made first where need be. A
	// missingError leaves the contender out; any other error ends the run.
	find func(context.Context) (string, error)

	// version describes the program at a path, in a few words.
	version func(ctx context.Context, path string) string

	// command returns how to start the program so that it does its work in the
	// foreground. It may write files into the site's folder.
	command func(site) (command, error)
}

// contenders are the values of -contenders, in the order of the table.
var contenders = []contender{
	direct,
	goproxyreverso,
	nginx,
	haproxy,
}

// site is where a contender does its work.
type site struct {
	Program  string   // path of its program
	Dir      string   // folder of its own, removed at the end
	Addr     string   // host:port to serve on
	Backends []string // host:port of each
	Pinned   bool     // it has one CPU
}

// write fills the text with the site and puts it into a file of the site's
// folder. It returns the file's path.
func (s site) write(file, text string) (string, error) {
	var filled bytes.Buffer
	if err := template.Must(template.New(file).Parse(text)).Execute(&filled, s); err != nil {
		return "", err
	}
	path := filepath.Join(s.Dir, file)
	return path, os.WriteFile(path, filled.Bytes(), 0o644)
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
		return path, nil
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
