package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// readLog returns the lines of an access log in JSON.
func readLog(t *testing.T, path string) (lines []map[string]any) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for text := range strings.Lines(string(data)) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line), "%q", text)
		lines = append(lines, line)
	}
	return lines
}

// Whatever a client sends, each request is one line of JSON with what it sent in
// it, and none is missing when the proxy has stopped.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	p := startProxy(t, "backends: [http://"+startBackend(t, ok).addr+"]\naccess_log: {path: "+path+"}")
	hostile := []string{
		`"}{"status":200,"client":"forged`,
		`\","status":200,"x":"\`,
		"tab\tand \xff\xfe\xc0\xaf",
		"\u2028\u2029\u0085 \u202e",
		strings.Repeat("\xff", 9000),
	}
	c := p.connect("127.0.0.1")
	for _, agent := range hostile {
		_, err := c.get(`/"quote\`, "User-Agent: "+agent)
		require.NoError(t, err)
	}
	_, err := io.WriteString(c, "GET /\x01\x7f HTTP/1.1\r\nHost: h\r\nUser-Agent: \r\n{\"status\":200}\n\r\n\r\n")
	require.NoError(t, err)
	r, err := c.receive()
	require.NoError(t, err)
	require.Equal(t, 400, r.StatusCode)
	p.stop()
	lines := readLog(t, path)
	require.Len(t, lines, len(hostile)+1)
	for i, line := range lines[:len(hostile)] {
		require.Equal(t, `/"quote\`, line["target"])
		require.Equal(t, "127.0.0.1", line["client"])
		if i < 2 {
			require.Equal(t, hostile[i], line["user_agent"])
		}
	}
	require.Equal(t, 400.0, lines[len(hostile)]["status"])
	require.Equal(t, "client", lines[len(hostile)]["failed"])
}

// After a rename and SIGUSR1 lines go to a new file, while requests go on, and
// none is lost on the way.
func TestReopenAccessLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	p := startProxy(t, "backends: [http://"+startBackend(t, ok).addr+"]\naccess_log: {path: "+path+"}")
	c, requests := p.connect("127.0.0.1"), 0
	get := func() {
		_, err := c.get("/")
		require.NoError(t, err)
		requests++
	}
	get()
	for _, old := range []string{path + ".1", path + ".2"} {
		require.NoError(t, os.Rename(path, old))
		get()
		p.signal(syscall.SIGUSR1)
		waitFor(t, "the new file is there", func() bool {
			get()
			info, err := os.Stat(path)
			return err == nil && info.Size() > 0
		})
	}
	p.stop()
	require.Equal(t, 2, strings.Count(p.stderr.String(), "access log reopened"))
	logged := 0
	for _, path := range []string{path, path + ".1", path + ".2"} {
		logged += len(readLog(t, path))
	}
	require.Equal(t, requests, logged)
}

// Without an access log SIGUSR1 does nothing, above all it does not end the proxy.
func TestSignalWithoutAccessLog(t *testing.T) {
	t.Parallel()
	p := startProxy(t, "backends: [http://127.0.0.1:1]")
	p.signal(syscall.SIGUSR1)
	p.waitLog("reopened")
	p.stop()
}

// A disk that is full and a pipe that nobody reads cost lines, which are counted,
// and no request anything. The operator is told what to change.
func TestAccessLogCannotFollow(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	for name, path := range map[string]string{"full disk": "/dev/full", "blocked pipe": pipe} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(path); err != nil {
				t.Skip(err)
			}
			p := startProxy(t, "backends: [http://"+startBackend(t, ok).addr+"]\naccess_log: {path: "+path+"}")
			c, agent := p.connect("127.0.0.1"), "User-Agent: "+strings.Repeat("x", 3000)
			for range 2000 { // several times what the buffers hold
				r, err := c.get("/", agent)
				require.NoError(t, err)
				require.Equal(t, 200, r.StatusCode)
			}
			scrape := p.scrape()
			require.NotEqual(t, []string{"0", "0"}, []string{
				value(scrape, `proxy_access_log_dropped_total{reason="buffer_full"}`),
				value(scrape, `proxy_access_log_dropped_total{reason="write_error"}`),
			})
			require.Contains(t, p.waitLog("cannot be written"), "setting=access_log.path")
			_ = c.Close()
			p.stop()
			require.Contains(t, p.stderr.String(), "are lost")
		})
	}
}

// A pipe whose reader comes late, and is restarted, gets whole lines.
func TestAccessLogPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	p := startProxy(t, "backends: [http://"+startBackend(t, ok).addr+"]\naccess_log: {path: "+pipe+", format: '${method} ${target} ${status}'}")
	c := p.connect("127.0.0.1")
	for range 2 {
		_, err := c.get("/")
		require.NoError(t, err)
		f, err := os.Open(pipe)
		require.NoError(t, err)
		text, err := bufio.NewReader(f).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "GET / 200\n", text)
		require.NoError(t, f.Close())
	}
}

// The path "-" is standard output, where nothing else goes.
func TestAccessLogOnStandardOutput(t *testing.T) {
	t.Parallel()
	p := startProxy(t, "backends: [http://"+startBackend(t, ok).addr+"]\naccess_log: {path: '-', format: combined}")
	_, err := p.connect("127.0.0.1").get("/", `Referer: "x"`)
	require.NoError(t, err)
	p.stop()
	require.Regexp(t, `^127\.0\.0\.1 - - \[\d{2}/\w{3}/\d{4}:[\d:]{8} \+0000\] "GET / HTTP/1\.1" 200 3 "\\"x\\"" "-"\n$`, p.stdout.String())
}

// A log that cannot be opened ends the proxy before it serves, with the setting.
func TestAccessLogNotOpened(t *testing.T) {
	t.Parallel()
	p := startProgram(t, nil, "--config", writeConfig(t, "backends: [http://127.0.0.1:1]"), "--set", "access_log.path=/nowhere/at/all")
	require.Equal(t, 1, p.wait())
	require.Equal(t, "proxy: access_log.path: open /nowhere/at/all: no such file or directory\n", p.stderr.String())
}
