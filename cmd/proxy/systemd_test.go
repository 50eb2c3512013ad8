package main

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// manager is what a service manager does for the proxy: it hears its messages and
// holds its sockets.
type manager struct {
	t        *testing.T
	messages *net.UnixConn
	path     string
	socket   *net.TCPListener
}

func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{t: t, path: socketDir(t) + "/notify"}
	var err error
	m.messages, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.messages.Close() })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	m.socket = ln.(*net.TCPListener)
	return m
}

// start runs the proxy as a service of type notify whose socket the manager holds.
func (m *manager) start(args ...string) *process {
	m.t.Helper()
	file, err := m.socket.File()
	require.NoError(m.t, err)
	defer file.Close()
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$0" "$@"`, os.Args[0]}, args...)...)
	cmd.Env = append(environment(), role+"=proxy", "LISTEN_FDS=1", "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=300000")
	cmd.ExtraFiles = []*os.File{file}
	return start(m.t, cmd)
}

// wait waits for a message with that line and returns all its lines.
func (m *manager) wait(line string) []string {
	m.t.Helper()
	require.NoError(m.t, m.messages.SetReadDeadline(time.Now().Add(patience)))
	buf := make([]byte, 4096)
	for {
		n, err := m.messages.Read(buf)
		require.NoError(m.t, err, "no %s", line)
		lines := strings.Split(string(buf[:n]), "\n")
		for _, l := range lines {
			if l == line {
				return lines
			}
		}
	}
}

// Under systemd the proxy says when it is ready, reloads, stops and lives, and which
// process is the main one; it takes the socket that systemd holds, over an upgrade
// too, and never closes it.
func TestSystemd(t *testing.T) {
	t.Parallel()
	a := startBackend(t, ok)
	m := newManager(t)
	config := writeConfig(t, "backends: [http://"+a.addr+"]\nlisten_addr: '"+m.socket.Addr().String()+"'\nadmin_addr: ''")
	pidFile := t.TempDir() + "/pid"
	p := m.start("--config", config, "--pid-file", pidFile)
	first := m.wait("READY=1")
	require.Contains(t, first, "MAINPID="+strconv.Itoa(p.cmd.Process.Pid))
	get := func() {
		resp, err := admin.Get("http://" + m.socket.Addr().String() + "/")
		require.NoError(t, err)
		require.Equal(t, "ok\n", readAll(t, resp.Body))
	}
	get()
	m.wait("WATCHDOG=1")
	p.signal(syscall.SIGHUP)
	m.wait("RELOADING=1")
	m.wait("READY=1")

	p.signal(syscall.SIGUSR2)
	waitFor(t, "the next process", func() bool { return pid(t, pidFile) != p.cmd.Process.Pid })
	next := pid(t, pidFile)
	require.Contains(t, m.wait("READY=1"), "MAINPID="+strconv.Itoa(next))
	get()
	m.wait("WATCHDOG=1")
	require.NoError(t, syscall.Kill(next, syscall.SIGTERM))
	m.wait("STOPPING=1")
	<-p.exited
	nc, err := net.Dial("tcp", m.socket.Addr().String())
	require.NoError(t, err, "the socket of the manager was closed")
	require.NoError(t, nc.Close())
}
