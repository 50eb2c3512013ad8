package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine"
)

// rewrite replaces the configuration of a proxy.
func rewrite(t *testing.T, path string, replace ...string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600))
}

// operated is a proxy with that configuration on a socket, and the commands to it.
type operated struct {
	*process
	config string
}

func startOperated(t *testing.T, yaml string) *operated {
	t.Helper()
	config := writeConfig(t, yaml+"\nadmin_addr: unix:"+socketDir(t)+"/s\nlimits: {max_connections: 100}")
	p := &operated{startProgram(t, nil, "--config", config), config}
	p.waitLog("msg=serving")
	return p
}

// want runs a command, which must end with that code, and returns what it printed.
func (p *operated) want(code int, args ...string) (stdout, stderr string) {
	p.t.Helper()
	got, stdout, stderr := runProgram(p.t, nil, append(args, "--config", p.config)...)
	require.Equal(p.t, code, got, "%v\n%s%s", args, stdout, stderr)
	return stdout, stderr
}

// Plan tells by its exit code what a reload would do and changes nothing; reload
// does it.
func TestPlanAndReload(t *testing.T) {
	t.Parallel()
	a, b := startBackend(t, ok), startBackend(t, ok)
	p := startOperated(t, "backends: [http://"+a.addr+"]\ntimeouts: {connect: 1s}")
	stdout, _ := p.want(0, "plan")
	require.Equal(t, "nothing would change\n", stdout)

	rewrite(t, p.config, a.addr, b.addr, "connect: 1s", "connect: 2s")
	stdout, _ = p.want(2, "plan")
	require.Contains(t, stdout, "~ timeouts.connect: 1s -> 2s\n")
	require.Contains(t, stdout, "pool default: 0 backends stay, 1 are added, 1 go and take 100% of its weight with them\n")
	stdout, _ = p.want(2, "plan", "--json")
	var plan engine.Plan
	require.NoError(t, json.Unmarshal([]byte(stdout), &plan))
	require.False(t, plan.Restart)
	require.Equal(t, a.addr, statusOf(t, "-c", p.config).Pools[0].Backends[0].Addr, "a plan changes nothing")

	stdout, _ = p.want(0, "reload")
	require.Contains(t, stdout, p.config+" is in use since ")
	require.Equal(t, b.addr, statusOf(t, "-c", p.config).Pools[0].Backends[0].Addr)
	rewrite(t, p.config, "max_connections: 100", "max_connections: 200")
	stdout, _ = p.want(3, "plan")
	require.Contains(t, stdout, "limits.max_connections: 100 -> 200 (with the next start)")
}

// A reload of a file that was good for the command and is not for the proxy says
// what is wrong, and the status that it failed.
func TestReloadRefused(t *testing.T) {
	t.Parallel()
	a := startBackend(t, ok)
	p := startOperated(t, "backends: [http://"+a.addr+"]")
	good, err := os.ReadFile(p.config)
	require.NoError(t, err)
	socket := attribute(p.waitLog("msg=serving"), "admin_addr")
	rewrite(t, p.config, "backends:", "strategy: rr\nbackends:")
	code, _, stderr := runProgram(t, nil, "reload", "--admin", socket)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, p.config+":")
	require.Contains(t, stderr, "unknown strategy")
	require.Contains(t, stderr, "\n", "the excerpt of the file is on lines of its own")
	require.NoError(t, os.WriteFile(p.config, good, 0o600))
	stdout, _ := p.want(0, "status")
	require.Contains(t, stdout, "THE LAST RELOAD FAILED")
}

// A backend that an operator drains gets no more requests, until that is taken
// back, through a reload too.
func TestDrain(t *testing.T) {
	t.Parallel()
	a, b := startBackend(t, ok), startBackend(t, ok)
	p := startOperated(t, "backends: [http://"+a.addr+", http://"+b.addr+"]")
	addr := attribute(p.waitLog("msg=serving"), "listen_addr")
	stdout, _ := p.want(0, "drain", a.addr)
	require.Contains(t, stdout, a.addr+" in pool default is DRAINING")
	require.Contains(t, stdout, "1 backends of the pool can take requests")
	require.Contains(t, stdout, "the others have 50% of the weight that could take requests before, and room for 512 of which 0 are taken")
	p.want(0, "reload")
	c := (&tester{t: t, addr: addr}).connect("127.0.0.1")
	for range 10 {
		_, err := c.get("/")
		require.NoError(t, err)
	}
	require.Zero(t, a.requests.Load())
	stdout, _ = p.want(0, "status")
	require.Regexp(t, a.addr+` +DRAINING .*drained by an operator`, stdout)

	_, stderr := p.want(1, "drain", b.addr)
	require.Contains(t, stderr, "(--force drains it all the same)")
	p.want(0, "drain", b.addr, "--force")
	p.want(0, "undrain", a.addr)
	stdout, _ = p.want(0, "undrain", b.addr, "--json")
	var answer engine.BackendAnswer
	require.NoError(t, json.Unmarshal([]byte(stdout), &answer))
	require.Equal(t, "up", answer.Backend.State)
	require.Equal(t, 2, answer.Eligible)
}

// The weight of a backend can be another than that of the configuration.
func TestWeight(t *testing.T) {
	t.Parallel()
	a, b := startBackend(t, ok), startBackend(t, ok)
	p := startOperated(t, "backends: [http://"+a.addr+", http://"+b.addr+"]\nstrategy: round_robin\n"+
		"pools: {api: {backends: [http://"+a.addr+"]}}\nroutes: [{path: /api, pool: api}]")
	_, stderr := p.want(1, "weight", a.addr, "3")
	require.Contains(t, stderr, "several pools have the backend: say which")
	p.want(0, "weight", a.addr, "3", "--pool", "default")
	stdout, _ := p.want(0, "status")
	require.Regexp(t, a.addr+` .* 3 instead of 1 `, stdout)
	c := (&tester{t: t, addr: attribute(p.waitLog("msg=serving"), "listen_addr")}).connect("127.0.0.1")
	for range 40 {
		_, err := c.get("/")
		require.NoError(t, err)
	}
	require.EqualValues(t, 30, a.requests.Load())
	p.want(0, "weight", a.addr, "default", "--pool", "default")
	require.Equal(t, 1, statusOf(t, "-c", p.config).Pools[0].Backends[0].Weight)

	for _, args := range [][]string{
		{"weight", b.addr, "0"}, {"weight", b.addr, "x"}, {"weight", b.addr, "1001"}, {"weight", b.addr},
		{"drain"}, {"drain", "nobody:1"}, {"undrain", b.addr, "--pool", "none"}, {"drain", a.addr, b.addr},
	} {
		p.want(1, args...)
	}
}

// Every command says what it is for, with an example.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"status", "plan", "reload", "drain", "undrain", "weight", "run", "check"} {
		code, stdout, _ := runProgram(t, nil, command, "--help")
		require.Zero(t, code)
		require.Contains(t, stdout, "Examples:\n  proxy "+command)
	}
}
