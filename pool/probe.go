package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ProbeConfig says how backends are probed. Two that are equal probe alike.
type ProbeConfig struct {
	Path     string        // target of the GET request
	Interval time.Duration // between two probes of a backend; 0: no probes, all backends stay up
	Timeout  time.Duration // of one probe, up to the end of the response head
	Rise     int           // successes in a row before a backend that is down is up
	Fall     int           // failures in a row before a backend that is up is down
	Status   Codes         // what counts as a success
}

// Start begins to probe all backends at once, side by side, each on its own in
// jittered intervals from then on. It is called once.
func (p *Pool) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started = true
	for _, b := range p.backends {
		p.beginProbes(b)
	}
	p.tellProbed()
}

// beginProbes begins to probe a backend, unless it is probed already or is not to
// be. The mutex is held.
func (p *Pool) beginProbes(b *Backend) {
	if b.unprobe != nil || !p.started || p.closed || p.config.Probe.Interval == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.unprobe = cancel
	r := &prober{backend: b, config: p.config.Probe, client: probeClient(b)}
	p.probers.Go(func() { p.watch(ctx, b, r.config.Interval, r.ask) })
}

// endProbes ends the probes of a backend. One that is under way does not count any
// more. The mutex is held.
func (b *Backend) endProbes() {
	if b.unprobe != nil {
		b.unprobe()
		b.unprobe = nil
	}
}

// Probed is closed when every backend was probed once, or when none will be.
func (p *Pool) Probed() <-chan struct{} { return p.probed }

// tellProbed closes Probed when it is time. The mutex is held.
func (p *Pool) tellProbed() {
	select {
	case <-p.probed:
		return
	default:
	}
	if !p.closed && !p.started {
		return
	}
	if !p.closed && p.config.Probe.Interval > 0 {
		for _, b := range p.backends {
			if !b.health.probed {
				return
			}
		}
	}
	close(p.probed)
}

// watch probes one backend until ctx is done.
//
// An ordinary probe comes after the interval. It comes at once when traffic could
// not connect, and ten times as often while the last result speaks against the
// state: a backend that died under load is down after a fraction of what fall
// intervals would take, and still not because of one lost packet. A probe that
// traffic asked for counts as doubt too, so that a backend whose probes succeed
// while traffic cannot connect is not probed without a pause.
func (p *Pool) watch(ctx context.Context, b *Backend, interval time.Duration, probe func(context.Context) error) {
	asked := false // by traffic, for the last probe
	for {
		doubt := p.report(ctx, b, probe(ctx))
		wait, suspect := interval, b.suspect
		if doubt || asked {
			wait, suspect = wait/inDoubt, nil
		}
		asked = false
		select {
		case <-ctx.Done():
			return
		case <-suspect:
			asked = true
		case <-time.After(jitter(wait)):
		}
	}
}

// inDoubt is how many times as often a backend is probed while its last result
// speaks against its state.
const inDoubt = 10

// report takes the result of a probe, unless the probes of b have ended. It
// reports whether the result speaks against the state.
func (p *Pool) report(ctx context.Context, b *Backend, err error) (doubt bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	if why := b.health.add(err, p.config.Probe.Rise, p.config.Probe.Fall); why != "" {
		p.shift(b, why)
		p.settle()
	}
	p.tellProbed()
	return b.health.row > 0
}

// prober sends the probes of one backend.
type prober struct {
	backend *Backend
	config  ProbeConfig
	client  *http.Client
}

// probeClient returns what sends the probes of a backend. Each probe dials like a
// request does, TLS included: that the backend takes new connections is what is
// asked. Nothing the environment says stands in between.
func probeClient(b *Backend) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				nc, _, err := b.dial(ctx, b.link.Load().tls)
				return nc, err
			},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask sends one probe and returns why it failed.
func (r *prober) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.backend.host()+r.config.Path, nil)
	if err != nil {
		return fmt.Errorf("health_check.path: %w", err)
	}
	req.Header.Set("User-Agent", "goproxyreverso-probe")
	resp, err := r.client.Do(req)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer within health_check.timeout")
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if !r.config.Status.Contains(resp.StatusCode) {
		return fmt.Errorf("status %d is not among health_check.status", resp.StatusCode)
	}
	return nil
}
