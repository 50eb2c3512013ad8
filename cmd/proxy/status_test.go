package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine"
)

const token = "a-token-of-a-test"

// statusOf returns what "proxy status --json" says.
func statusOf(t *testing.T, args ...string) (s engine.Status) {
	t.Helper()
	code, stdout, stderr := runProgram(t, nil, append([]string{"status", "--json"}, args...)...)
	require.Zero(t, code, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &s), stdout)
	return s
}

// Status finds the proxy through its configuration and shows what it does, a
// backend that is down above all.
func TestStatus(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	down := freeAddr(t)
	config := writeConfig(t, fmt.Sprintf(`
admin_addr: unix:%s
admin_token: %s
backends: [http://%s, http://%s]
health_check: {interval: 20ms, rise: 1}
`, filepath.Join(socketDir(t), "s"), token, b.addr, down))
	p := startProgram(t, nil, "--config", config)
	addr := attribute(p.waitLog("msg=serving"), "listen_addr")
	var s engine.Status
	waitFor(t, "the backend is down", func() bool {
		s = statusOf(t, "--config", config)
		return len(s.Changes) > 0 && s.Ready
	})
	_, err := (&tester{t: t, addr: addr}).connect("127.0.0.1").get("/")
	require.NoError(t, err)
	waitFor(t, "the request is counted", func() bool {
		s = statusOf(t, "--config", config)
		return s.Pools[0].Backends[0].Requests == 1
	})
	require.Equal(t, p.cmd.Process.Pid, s.PID)
	require.Equal(t, engine.ListenerStatus{Setting: "listen_addr", Addr: addr}, s.Listen[0])
	require.Equal(t, "down", s.Pools[0].Backends[1].State)
	require.Equal(t, down, s.Changes[0].Backend)

	code, stdout, stderr := runProgram(t, nil, "status", "-c", config)
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?m)^POOL +BACKEND +STATE `, stdout)
	require.Regexp(t, `(?m)^default +`+b.addr+` +up `, stdout)
	require.Regexp(t, `(?m)^default +`+down+` +DOWN .*failed probe`, stdout)
	require.Regexp(t, `up to DOWN +1 failed probe`, stdout)
	require.NotContains(t, stdout+p.stderr.String(), token)
}

// socketDir returns a directory whose name is short enough for sockets in it.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "proxy")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Status can be told where to ask, with which token; without the right one it
// says what to set.
func TestStatusOfAddress(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	p := startProxy(t, "backends: [http://"+b.addr+"]\nadmin_token: "+token)
	require.Equal(t, p.cmd.Process.Pid, statusOf(t, "--admin", p.admin, "--token", token).PID)
	code, _, stderr := runProgram(t, []string{"PROXY_ADMIN_TOKEN=" + token}, "status", "--admin", p.admin)
	require.Zero(t, code, stderr)

	code, _, stderr = runProgram(t, nil, "status", "--admin", p.admin)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "set admin_token in the configuration, PROXY_ADMIN_TOKEN or --token")
	code, _, stderr = runProgram(t, nil, "status", "--admin", p.admin, "--token", "another-token-of-a-test")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "another admin_token")
	require.NotContains(t, stderr, token)
}

// A proxy that cannot be asked is an error that says where it was looked for.
func TestStatusOfNobody(t *testing.T) {
	t.Parallel()
	free := freeAddr(t)
	config := writeConfig(t, good+"admin_addr: "+free)
	stranger := startBackend(t, ok)
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"-c", config}, "nobody listens on " + free + " (is the proxy running with this configuration? it is the admin_addr of " + config + ")"},
		{[]string{"--admin", "unix:/nowhere/s"}, "nobody listens on unix:/nowhere/s"},
		{[]string{"-c", config, "--set", "admin_addr="}, "turns the admin listener off"},
		{[]string{"-c", writeConfig(t, good)}, "name the one in the log with --admin"},
		{[]string{"--admin", stranger.addr}, "not like the admin listener of a proxy"},
		{[]string{"-c", filepath.Join(t.TempDir(), "none.yaml")}, "create it"},
	} {
		code, stdout, stderr := runProgram(t, nil, append([]string{"status"}, row.args...)...)
		require.Equal(t, 1, code, row.args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, row.want)
	}
}

// A second proxy does not take the socket of the first, and the file of one that
// was killed is no obstacle.
func TestAdminSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(socketDir(t), "s")
	yaml := good + "admin_addr: unix:" + path
	first := startProxy(t, yaml)
	code, _, stderr := runProgram(t, nil, "--config", writeConfig(t, yaml))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "admin_addr: "+path+": address already in use (another process listens there")
	require.Equal(t, first.cmd.Process.Pid, statusOf(t, "--admin", "unix:"+path).PID)

	first.kill()
	require.FileExists(t, path)
	second := startProxy(t, yaml)
	require.Equal(t, "unix:"+path, second.admin)
	require.Equal(t, second.cmd.Process.Pid, statusOf(t, "--admin", "unix:"+path).PID)
	second.stop()
	require.NoFileExists(t, path)
}

// What a proxy answers cannot move the cursor of a terminal.
func TestStatusIsPrintable(t *testing.T) {
	var b strings.Builder
	s := engine.Status{Pools: []engine.PoolStatus{{Backends: []engine.BackendStatus{{State: "down", Why: "\x1b[2J\r\tx"}}}}}
	require.NoError(t, printStatus(&b, &s, s.Started))
	require.Contains(t, b.String(), "?[2J??x\n")
}
