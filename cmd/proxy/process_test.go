package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a program that a test runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout lockedBuffer
	stderr lockedBuffer
	log    io.ReadCloser // the end of stderr that is read
	exited chan struct{}
}

// startProgram runs the proxy with those arguments and variables.
func startProgram(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(environment(), append(env, role+"=proxy")...)
	return start(t, cmd)
}

// environment is the one of the test without what would configure the proxy.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PROXY_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// start runs cmd, and kills it when it is still there at the end of the test.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, exited: make(chan struct{})}
	_, err := cmd.StdinPipe() // see endWithTest
	require.NoError(t, err)
	p.log, err = cmd.StderrPipe()
	require.NoError(t, err)
	cmd.Stdout = &p.stdout
	require.NoError(t, cmd.Start())
	go func() {
		defer close(p.exited)
		_, _ = io.Copy(&p.stderr, p.log)
		_ = cmd.Wait() // its code is asked for later
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s\n%s%s", cmd, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// signal sends a signal.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// kill ends the process without asking it.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.exited
}

// leave stops reading the log, as if whoever read it had ended.
func (p *process) leave() { _ = p.log.Close() }

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// wait waits until the process ends, and returns its exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("it does not end; its log:\n%s", p.stderr.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// waitLog waits for a line of the log that has all those words, and returns it.
func (p *process) waitLog(words ...string) (line string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		for line = range strings.Lines(p.stderr.String()) {
			if strings.HasSuffix(line, "\n") && hasAll(line, words) {
				return true
			}
		}
		return !p.running()
	}, patience, 2*time.Millisecond, "no %q in the log:\n%s", words, &p.stderr)
	require.True(p.t, hasAll(line, words), "it ended without %q in the log:\n%s", words, &p.stderr)
	return line
}

func hasAll(line string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(line, word) {
			return false
		}
	}
	return true
}

func readAll(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	b, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(b)
}

// lockedBuffer is written and read at once.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
