//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stopTime is how long a process may take to end by itself once it is told to.
const stopTime = 2 * time.Second

// command is a program to start.
type command struct {
	args   []string // the program's path, then its arguments
	env    []string // added to the rig's own
	cpus   []int    // it may run on; nil for any
	output string   // file that takes what it prints
}

// process is a started command. It leads a process group of its own, so that
// stop reaches its children, and so that a Ctrl-C in the terminal does not.
type process struct {
	cmd    *exec.Cmd
	output string

	ended chan struct{} // closed when the process has ended
	err   error         // why; read it after ended is closed
}

// start starts c. Should the rig itself be killed, the kernel tells the process
// to terminate: with SIGTERM, which lets nginx take its workers along.
func start(c command) (*process, error) {
	output, err := os.Create(c.output)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}

	p := &process{cmd: cmd, output: c.output, ended: make(chan struct{})}
	err = onCPUs(c.cpus, cmd.Start)
	if cmd.Process == nil {
		return nil, fmt.Errorf("start %s: %w", c.args[0], err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("start %s: %w", c.args[0], err)
	}
	return p, nil
}

// execute starts c and waits until it has ended. When ctx is done before that,
// the process is stopped.
func execute(ctx context.Context, c command) error {
	p, err := start(c)
	if err != nil {
		return err
	}
	defer p.stop()
	select {
	case <-p.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.err != nil {
		return p.failure()
	}
	return nil
}

// failure describes the end of a process that was not to end.
func (p *process) failure() error {
	err := p.err
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return fmt.Errorf("%s: %w\n%s", filepath.Base(p.cmd.Path), err, tail(p.output))
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process and its children and returns when it has ended. A
// process that ended before is no error.
func (p *process) stop() {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopTime):
	}
	// What is left of the group, be it the process or its orphans.
	p.signal(syscall.SIGKILL)
	<-p.ended
}

func (p *process) signal(s syscall.Signal) {
	// The only error that can come says that nobody is left.
	_ = syscall.Kill(-p.pid(), s)
}

// stopAll stops processes, all at the same time.
func stopAll(processes []*process) {
	for _, p := range processes {
		p.signal(syscall.SIGTERM)
	}
	for _, p := range processes {
		p.stop()
	}
}

// tail returns the end of a file, as much as a reader wants to see of it.
func tail(path string) []byte {
	const most = 2000
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	text = bytes.TrimSpace(text)
	return text[max(0, len(text)-most):]
}
