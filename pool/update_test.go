package pool

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// of is a config of backends at these addresses that are not probed.
func of(addrs ...string) Config {
	c := Config{Name: "test", Strategy: "round_robin", Limits: patient()}
	for _, addr := range addrs {
		c.Backends = append(c.Backends, BackendConfig{Addr: addr, Weight: 1, MaxConns: 8})
	}
	return c
}

// updated returns a pool that ends with the test.
func updated(t *testing.T, c Config) *Pool {
	p := New(c)
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// A backend that stays keeps its connections and its owner, whatever else of the
// pool changes; only one that is new gets an owner, and the order is the new one.
func TestUpdateKeepsBackends(t *testing.T) {
	fake := pooltest.New(t)
	var owned []string
	c := of("a:1", fake.Addr)
	c.Owner = func(addr string) any { owned = append(owned, addr); return "owner of " + addr }
	p := updated(t, c)
	b := p.Backends()[1]
	idle, s := exchange(t, b, fake, nil)
	idle.Release(true)

	c.Strategy, c.Limits.ResponseBody = "least_conn", time.Minute
	c.Backends = []BackendConfig{{Addr: fake.Addr, Weight: 3, MaxConns: 2}, {Addr: "c:3", Weight: 1, MaxConns: 8}}
	p.Update(c)
	require.Same(t, b, p.Backends()[0])
	require.Len(t, p.Backends(), 2)
	require.Equal(t, []string{"a:1", fake.Addr, "c:3"}, owned)
	require.Equal(t, "owner of "+fake.Addr, b.Owner)
	again, _ := exchange(t, b, fake, s)
	require.Same(t, idle, again)
	again.Release(true)
}

// Another strategy and another weight decide about the next pick.
func TestUpdateWeights(t *testing.T) {
	c := of("a:1", "b:1")
	p := updated(t, c)
	require.Equal(t, []int{20, 20}, picks(p, 40))
	c.Backends[0].Weight = 3
	p.Update(c)
	require.Equal(t, []int{30, 10}, picks(p, 40))
	c.Strategy = "least_conn"
	p.Update(c)
	require.Equal(t, []int{40, 0}, picks(p, 40))
	c.Backends[0].Backup = true
	p.Update(c)
	require.Equal(t, []int{0, 40}, picks(p, 40))
}

// With another TLS config, or another idle time, idle connections are closed,
// those in use serve their exchange and are closed then, and new ones are made the
// new way.
func TestUpdateOfHowToConnect(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"tls":  func(c *Config) { c.Backends[0].TLS = &tls.Config{ServerName: "a"} },
		"idle": func(c *Config) { c.Limits.Idle = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			fake := pooltest.New(t)
			c := of(fake.Addr)
			p := updated(t, c)
			b := p.Backends()[0]
			idle, atIdle := exchange(t, b, fake, nil)
			used, atUsed := begin(t, b, fake)
			idle.Release(true)

			change(&c)
			p.Update(c)
			require.Empty(t, atIdle.Ended())
			atUsed.Reply(200, "")
			require.NoError(t, used.Receive(http1.Now(), false))
			used.Release(true)
			require.Empty(t, atUsed.Ended())
			require.Zero(t, b.Connections())

			ended := make(chan error)
			go func() {
				up, err := b.Connect(false)
				if err == nil {
					err = up.Send(http1.Now(), []byte(get))
					defer up.Discard()
				}
				ended <- err
			}()
			s := fake.Accept()
			first := map[string]string{"tls": "\x16", "idle": "G"}[name] // a handshake, a request
			require.Equal(t, first, s.Bytes(1))
			s.Reset()
			<-ended
		})
	}
}

// The next wait of an exchange that is under way is held to the new limits.
func TestUpdateLimits(t *testing.T) {
	fake := pooltest.New(t)
	c := of(fake.Addr)
	p := updated(t, c)
	up, _ := begin(t, p.Backends()[0], fake)
	c.Limits.ResponseHeader = 10 * time.Millisecond
	p.Update(c)
	require.ErrorIs(t, up.Receive(http1.Now(), false), ErrResponseTimeout)
	up.Discard()
}

// Another max_conns holds at once. Connections beyond it are closed: idle ones
// now, those in use when they are given back.
func TestUpdateMaxConns(t *testing.T) {
	fake := pooltest.New(t)
	c := of(fake.Addr)
	p := updated(t, c)
	b := p.Backends()[0]
	var used []*Conn
	for range 3 {
		up, _ := exchange(t, b, fake, nil)
		used = append(used, up)
	}
	idle, atIdle := exchange(t, b, fake, nil)
	idle.Release(true)

	c.Backends[0].MaxConns = 2
	p.Update(c)
	require.Equal(t, 2, b.MaxConns())
	require.Empty(t, atIdle.Ended())
	require.Equal(t, 3, b.Connections())
	_, err := b.Connect(false)
	require.ErrorIs(t, err, ErrConnLimit)
	used[0].Release(true)
	require.Equal(t, 2, b.Connections())
	require.Zero(t, b.Idle())
	used[1].Release(true)
	require.Equal(t, 1, b.Idle())

	// A new way to connect gives nobody more connections.
	c.Limits.Idle = time.Minute
	p.Update(c)
	require.Equal(t, 1, b.Connections())
	next := connect(t, b)
	require.False(t, next.Reused)
	_, err = b.Connect(false)
	require.ErrorIs(t, err, ErrConnLimit)
	c.Backends[0].MaxConns = 3
	p.Update(c)
	connect(t, b).Discard()
	next.Discard()
	used[2].Discard()
	require.Zero(t, b.Connections())
}

// A backend that is removed gets nothing new. It is seen draining until its last
// exchange has ended, and its connections are closed.
func TestUpdateRemoves(t *testing.T) {
	fake := pooltest.New(t)
	c := of("a:1", fake.Addr)
	var changes []Change
	c.OnChange = func(c Change) { changes = append(changes, c) }
	p := updated(t, c)
	a, b := p.Backends()[0], p.Backends()[1]
	idle, atIdle := exchange(t, b, fake, nil)
	b.Begin()
	b.Begin()
	used, atUsed := begin(t, b, fake)
	idle.Release(true)

	c.Backends = c.Backends[:1]
	p.Update(c)
	require.Equal(t, []*Backend{b}, p.Leaving())
	require.Equal(t, []*Backend{a, b}, p.All())
	require.Equal(t, []int{9}, picks(p, 9))
	require.Equal(t, []Change{{Pool: "test", Backend: b, Old: Up, New: Draining, Why: "removed from the configuration"}}, changes)
	require.True(t, b.Status().Leaving)
	require.Empty(t, atIdle.Ended())
	atUsed.Reply(200, "hello")
	require.NoError(t, used.Receive(http1.Now(), false))
	body, err := content(used)
	require.NoError(t, err)
	require.Equal(t, "hello", body)
	used.Release(true)
	require.Empty(t, atUsed.Ended())
	b.End()
	require.Equal(t, []*Backend{b}, p.Leaving())
	b.End()
	require.Empty(t, p.Leaving())

	// One that was picked before and is used only now works, for this one exchange.
	b.Begin()
	up, s := exchange(t, b, fake, nil)
	up.Release(true)
	b.End()
	require.Empty(t, s.Ended())
	require.Zero(t, b.Connections())
	require.Empty(t, p.Leaving())
}

// A backend that comes back before it has left is the same one.
func TestUpdateBringsBack(t *testing.T) {
	fake := pooltest.New(t)
	both, one := of("a:1", fake.Addr), of("a:1")
	p := updated(t, both)
	b := p.Backends()[1]
	b.Begin()
	p.Update(one)
	p.Update(both)
	require.Same(t, b, p.Backends()[1])
	require.Empty(t, p.Leaving())
	require.Equal(t, Up, b.State())
	require.Equal(t, 2, p.Eligible())
	up, s := exchange(t, b, fake, nil)
	up.Release(true)
	up, _ = exchange(t, b, fake, s)
	up.Release(true)
	b.End()
	p.Update(one)
	p.Update(both)
	require.NotSame(t, b, p.Backends()[1], "nothing was inflight, so it had left")
}
