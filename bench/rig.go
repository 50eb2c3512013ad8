//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// rig holds everything that was started for one scenario.
type rig struct {
	set      settings
	scenario scenario
	kit      *kit

	dir      string   // configs and logs; removed by close
	backends []string // addresses; a variant uses as many as it wants
	entrants []*entrant
	started  []*process
	launches int // so far, for names in dir

	certFile, keyFile string // of the contenders; "" where none is asked over TLS

	rate     int          // of constantRate
	raw      bytes.Buffer // what the load generators printed
	progress io.Writer
}

// entrant is a contender in a variant of the scenario.
type entrant struct {
	program
	variant variant

	process *process // nil while none runs
	addr    string

	samples []sample
}

// label names the entrant in messages.
func (e *entrant) label() string {
	if e.variant.name == "" {
		return e.name
	}
	return e.name + ", " + e.variant.name
}

// newRig makes a rig with an entrant for each program and variant, of which none
// runs yet. Its close removes the folder and ends all that was started.
func newRig(set settings, s scenario, k *kit, progress io.Writer) (*rig, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	// nginx's worker has another user and needs to reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		_ = os.RemoveAll(dir) // It is empty.
		return nil, err
	}
	r := &rig{set: set, scenario: s, kit: k, dir: dir, progress: progress}
	if s.usesTLS() {
		if r.certFile, r.keyFile, err = writeIdentity(dir); err != nil {
			r.close()
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
	}
	for _, v := range s.variants {
		for _, p := range k.programs {
			if !slices.Contains(s.without, p.name) {
				r.entrants = append(r.entrants, &entrant{program: p, variant: v})
			}
		}
	}
	return r, nil
}

func (r *rig) close() {
	stopAll(r.started)
	// Nothing depends on the folder any more; what stays is a few small files.
	_ = os.RemoveAll(r.dir)
}

// startBackends starts the backends, which share few processes, and waits for
// their answers.
func (r *rig) startBackends(ctx context.Context) error {
	count := r.scenario.mostBackends()
	for i := range fewBackends {
		// The first processes take one more each when it does not come out even.
		share := (count + fewBackends - 1 - i) / fewBackends
		addrs, err := backendAddrs(i, share)
		if err != nil {
			return err
		}
		c := backendCommand(r.kit.self, addrs[0], share)
		c.cpus = r.kit.cpus.load
		p, err := r.start(c, fmt.Sprintf("backends%d", i))
		if err != nil {
			return err
		}
		for _, v := range r.scenario.variants {
			if err := awaitAnswer(ctx, p, v.plain(), addrs[share-1]); err != nil {
				return err
			}
		}
		r.backends = append(r.backends, addrs...)
	}
	// Those of all processes in turn, so that few of them are still on all.
	half := (count + 1) / fewBackends
	mixed := make([]string, 0, count)
	for i := range half {
		mixed = append(mixed, r.backends[i])
		if half+i < count {
			mixed = append(mixed, r.backends[half+i])
		}
	}
	r.backends = mixed
	return nil
}

// launch starts an entrant's process, waits for its first right answer, and
// returns how long that took.
func (r *rig) launch(ctx context.Context, e *entrant) (time.Duration, error) {
	addr, err := freeAddr(contenderHost)
	if err != nil {
		return 0, err
	}
	r.launches++
	name := fmt.Sprintf("%s-%d", e.name, r.launches)
	s := site{
		Program: e.path, Dir: filepath.Join(r.dir, name), Addr: addr, Host: contenderHost,
		Backends: r.backends[:e.variant.backendCount()], Pinned: r.kit.cpus.proxy != nil,
		Connections: e.variant.connections + spareConnections,
	}
	if e.variant.tls != 0 {
		s.CertFile, s.KeyFile = r.certFile, r.keyFile
	}
	if err := os.Mkdir(s.Dir, 0o755); err != nil {
		return 0, err
	}
	c, err := e.command(s)
	if err != nil {
		return 0, err
	}
	c.cpus = r.kit.cpus.proxy
	start := time.Now()
	if e.process, err = r.start(c, name); err != nil {
		return 0, err
	}
	e.addr = addr
	err = awaitAnswer(ctx, e.process, e.variant, addr)
	return time.Since(start), err
}

// end stops an entrant's process if there is one.
func (r *rig) end(e *entrant) {
	if e.process == nil {
		return
	}
	e.process.stop()
	r.started = slices.DeleteFunc(r.started, func(p *process) bool { return p == e.process })
	e.process = nil
}

func (r *rig) start(c command, name string) (*process, error) {
	c.output = filepath.Join(r.dir, name+".log")
	p, err := start(c)
	if err == nil {
		r.started = append(r.started, p)
	}
	return p, err
}

// note keeps a line for the raw output.
func (r *rig) note(format string, args ...any) { fmt.Fprintf(&r.raw, format+"\n", args...) }

// tell shows progress.
func (r *rig) tell(format string, args ...any) {
	fmt.Fprintf(r.progress, "%s: "+format+"\n", append([]any{r.scenario.name}, args...)...)
}
