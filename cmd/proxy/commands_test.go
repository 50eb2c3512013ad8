package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// runProgram runs the program to its end.
func runProgram(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := startProgram(t, env, args...)
	code = p.wait()
	return code, p.stdout.String(), p.stderr.String()
}

const good = `
listen_addr: "127.0.0.1:0"
backends: [http://127.0.0.1:9001, http://127.0.0.1:9002]
`

// A good configuration is one line and success.
func TestCheckGood(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, good)
	code, stdout, stderr := runProgram(t, nil, "check", "--config", path)
	require.Zero(t, code)
	require.Equal(t, path+" is good: 1 pools, 2 backends, 0 routes\n", stdout)
	require.Empty(t, stderr)
}

// A bad configuration is every problem with its place, and a failure; the proxy
// does not start with it either.
func TestCheckBad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(path, []byte("strategy: rr\nbackends:\n  - http://127.0.0.1:9001\n  - ftp://127.0.0.1:9002\n"), 0o600))
	for _, command := range []string{"check", "run"} {
		code, stdout, stderr := runProgram(t, nil, command, "--config", path)
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, path+":1:1: strategy: unknown strategy")
		require.Contains(t, stderr, path+":4:5: backends[1]: ")
	}
}

// A certificate that no client accepts is a failure, for the proxy too; one that soon
// will be is warned of.
func TestCheckCertificates(t *testing.T) {
	t.Parallel()
	a := certstest.NewAuthority(t)
	cert, key := a.IssueFor("proxy.test").Write(t, t.TempDir())
	_, other := a.IssueFor("proxy.test").Write(t, t.TempDir())
	path := writeConfig(t, good+"tls: {cert_file: "+cert+", key_file: "+key+"}\n")
	code, stdout, stderr := runProgram(t, nil, "check", "--config", path)
	require.Zero(t, code)
	require.Contains(t, stdout, " is good: ")
	require.Contains(t, stderr, "proxy: warning: tls: "+cert+": CN=proxy.test expires on ")

	path = writeConfig(t, good+"tls: {cert_file: "+cert+", key_file: "+other+"}\n")
	for _, command := range []string{"check", "run"} {
		code, stdout, stderr = runProgram(t, nil, command, "--config", path)
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "tls: "+other+": private key does not match public key")
	}
}

// A file that is not there is an error that says what to do.
func TestNoConfig(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.yaml")
	code, _, stderr := runProgram(t, nil, "check", "-c", path)
	require.Equal(t, 1, code)
	require.Regexp(t, `^proxy: .*none\.yaml.*create it`, stderr)
}

// The version is on one line, for people and scripts.
func TestVersion(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"version", "--version"} {
		code, stdout, stderr := runProgram(t, nil, arg)
		require.Zero(t, code)
		require.Regexp(t, `^goproxyreverso \S+\n$`, stdout)
		require.Empty(t, stderr)
	}
}

// What the program does not know is an error that names it.
func TestUnknownArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--nope"}, {"run", "--nope"}, {"nope"}, {"check", "nope"}} {
		code, stdout, stderr := runProgram(t, nil, args...)
		require.Equal(t, 1, code, args)
		require.Empty(t, stdout)
		require.Regexp(t, `^proxy: unknown .*nope`, stderr)
		require.Contains(t, stderr, "--help")
	}
}

// An address that is taken is an error that names the setting and says what to do.
func TestListenAddressInUse(t *testing.T) {
	t.Parallel()
	b := startBackend(t, ok)
	for _, setting := range []string{"listen_addr", "admin_addr"} {
		for _, args := range [][]string{{"run"}, {"run", "--demo"}} {
			args = append(args, "--config", writeConfig(t, "backends: [http://"+freeAddr(t)+"]"), "--set", setting+"="+b.addr)
			code, _, stderr := runProgram(t, nil, args...)
			require.Equal(t, 1, code, args)
			require.Contains(t, stderr, "proxy: "+setting+": ")
			require.Contains(t, stderr, "another process listens there; choose another address or stop it")
		}
	}
}

// A variable replaces a value of the file, and --set replaces both.
func TestOverrides(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, good+"metrics_path: /file\nadmin_addr: \"\"\n")
	env := []string{"PROXY_METRICS_PATH=/variable"}
	for _, row := range []struct {
		env, args []string
		want      string
	}{
		{nil, nil, "/file"},
		{env, nil, "/variable"},
		{env, []string{"--set", "metrics_path=/set"}, "/set"},
	} {
		p := startProgram(t, row.env, append([]string{"--config", path}, row.args...)...)
		line := p.waitLog("msg=serving")
		require.Contains(t, line, "admin_addr=off")
		c := (&tester{t: t, addr: attribute(line, "listen_addr")}).connect("127.0.0.1")
		got, err := c.get(row.want)
		require.NoError(t, err)
		require.Contains(t, got.body, "proxy_build_info", "%s does not serve the metrics", row.want)
	}
	code, _, stderr := runProgram(t, []string{"PROXY_TIMEOUTS_CONECT=1s"}, "check", "--config", path)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "environment PROXY_TIMEOUTS_CONECT: unknown variable")
	code, _, stderr = runProgram(t, nil, "check", "--config", path, "--set", "timeouts.connect=1")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "--set timeouts.connect=1: timeouts.connect: 1 has no unit")
}
