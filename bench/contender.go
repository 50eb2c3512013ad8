//go:build linux

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"text/template"
)

// A contender is a program that answers the load generators, as a process of
// its own.
type contender struct {
	name string

	// find returns the path of the program, made first where need be. A
	// missingError leaves the contender out; any other error ends the run.
	find func(context.Context, *kit) (string, error)

	// version describes the program at a path, in a few words.
	version func(ctx context.Context, path string) string

	// command returns how to start the program so that it does its work in the
	// foreground. It may write files into the site's folder.
	command func(site) (command, error)
}

// contenders are the values of -contenders, in the order of the table.
var contenders = []contender{
	direct,
	floor,
	goproxyreverso,
	nginx,
	haproxy,
	caddy,
	goHTTPUtil,
}

// spareConnections is how many connections a contender is set up for beyond
// those of the load generator: those that vegeta adds when answers are late, and
// some for questions in between.
const spareConnections = vegetaWorkers + 64

// site is where a contender does its work.
type site struct {
	Program     string   // path of its program
	Dir         string   // folder of its own, removed at the end
	Addr        string   // host:port to serve on
	Host        string   // the host of Addr
	Backends    []string // host:port of each
	Connections int      // of clients, at most; and so what is worth keeping to the backends
	Pinned      bool     // it has one CPU

	CertFile, KeyFile string // PEM, for TLS with clients; "" for plain text
}

// Files is how many files a contender may have open: both sides of every
// connection, one kept to each backend, and some of its own.
func (s site) Files() int { return 2*s.Connections + len(s.Backends) + 64 }

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

// goEnv is the environment of a contender written in Go: one CPU's worth of Go
// where it has one CPU.
func (s site) goEnv() []string {
	if s.Pinned {
		return []string{"GOMAXPROCS=1"}
	}
	return nil
}

// findInstalled is the find of a contender that is a package of the system.
func findInstalled(name string) func(context.Context, *kit) (string, error) {
	return func(context.Context, *kit) (string, error) { return installed(name, "apt-get install "+name) }
}

// findSelf is the find of a contender that is a subcommand of the rig.
func findSelf(_ context.Context, k *kit) (string, error) { return k.self, nil }
