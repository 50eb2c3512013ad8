//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// backendCount is how many backends stand behind every contender.
const backendCount = 2

// readyTime is how long a process may take from its start to its first right
// answer.
const readyTime = 15 * time.Second

// rig holds everything that was started for one measurement.
type rig struct {
	set   settings
	cpus  placement
	tools tools

	dir      string // configs and logs; removed by close
	raw      string // output of wrk and vegeta
	backends []string
	entrants []*entrant
	started  []*process
}

// entrant is a contender that runs.
type entrant struct {
	contender
	process *process
	url     string // answers with what the scenario expects
	samples []sample
}

// newRig makes the folders. Its close removes them again and ends all that was
// started.
func newRig(set settings, found tools) (*rig, error) {
	cpus, err := place()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{set: set, cpus: cpus, tools: found, dir: dir, raw: dir}
	if set.rawDir != "" {
		r.raw, err = filepath.Abs(set.rawDir)
		err = errors.Join(err, os.MkdirAll(r.raw, 0o755))
	}
	// nginx's worker has another user and needs to reach its folder.
	err = errors.Join(err, os.Chmod(dir, 0o755))
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *rig) close() {
	stopAll(r.started)
	// Nothing depends on the folder any more; what stays is a few small files.
	_ = os.RemoveAll(r.dir)
}

// startBackends starts the backends and waits for their first answers.
func (r *rig) startBackends(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for i := range backendCount {
		addr, err := freeAddr()
		if err != nil {
			return err
		}
		c := backendCommand(self, addr)
		c.cpus = r.cpus.load
		p, err := r.start(c, fmt.Sprintf("backend%d", i))
		if err != nil {
			return err
		}
		if err := awaitAnswer(ctx, p, "http://"+addr+r.set.scenario.path, r.set.scenario); err != nil {
			return err
		}
		r.backends = append(r.backends, addr)
	}
	return nil
}

// enter starts a contender whose program is at path and waits for its first
// right answer.
func (r *rig) enter(ctx context.Context, c contender, path string) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	s := site{
		Program: path, Dir: filepath.Join(r.dir, c.name), Addr: addr,
		Backends: r.backends, Pinned: r.cpus.proxy != nil,
	}
	if err := os.Mkdir(s.Dir, 0o755); err != nil {
		return err
	}
	cmd, err := c.command(s)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	cmd.cpus = r.cpus.proxy
	p, err := r.start(cmd, c.name)
	if err != nil {
		return err
	}
	e := &entrant{contender: c, process: p, url: "http://" + addr + r.set.scenario.path}
	r.entrants = append(r.entrants, e)
	return awaitAnswer(ctx, p, e.url, r.set.scenario)
}

func (r *rig) start(c command, name string) (*process, error) {
	c.output = filepath.Join(r.dir, name+".log")
	p, err := start(c)
	if err == nil {
		r.started = append(r.started, p)
	}
	return p, err
}

// awaitAnswer waits until the process answers url with the body that the
// scenario has.
func awaitAnswer(ctx context.Context, p *process, url string, s scenario) error {
	want, ok := bodyOf(s.path)
	if !ok {
		return fmt.Errorf("scenario %s: backends have no answer to %s", s.name, s.path)
	}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.After(readyTime)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		wrong := checkAnswer(ctx, &client, url, want)
		if wrong == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.ended:
			return p.failure()
		case <-deadline:
			return fmt.Errorf("%s: no right answer in %s: %w\n%s", p.cmd.Path, readyTime, wrong, tail(p.output))
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// checkAnswer returns what is wrong with the answer to a GET of url.
func checkAnswer(ctx context.Context, client *http.Client, url string, want []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d: %q", response.StatusCode, got[:min(len(got), 200)])
	case !bytes.Equal(got, want):
		return fmt.Errorf("a body of %d bytes that is not the backend's %d", len(got), len(want))
	}
	return nil
}
