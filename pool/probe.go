package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ProbeConfig says how backends are probed.
type ProbeConfig struct {
	Path     string        // target of the GET request
	Interval time.Duration // between two probes of a backend; 0: no probes, all backends stay up
	Timeout  time.Duration // of one probe, up to the end of the response head
	Rise     int           // successes in a row before a backend that is down is up
	Fall     int           // failures in a row before a backend that is up is down
	Status   func(code int) bool
}

// Start begins to probe all backends at once, side by side, each on its own in
// jittered intervals from then on. It is called once.
func (p *Pool) Start() {
	if p.probe.Interval == 0 {
		close(p.probed)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	first := make(chan struct{}, len(p.Backends))
	for _, b := range p.Backends {
		client := probeClient(b)
		p.probers.Go(func() {
			p.watch(ctx, b, first, func(ctx context.Context) error { return p.ask(ctx, client, b) })
		})
	}
	p.probers.Go(func() {
		for range p.Backends {
			<-first
		}
		close(p.probed)
	})
}

// probeClient returns what sends the probes of a backend. Each probe dials like a
// request does, TLS included: that the backend takes new connections is what is
// asked. Nothing the environment says stands in between.
func probeClient(b *Backend) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				nc, _, err := b.dial(ctx)
				return nc, err
			},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Probed is closed when every backend was probed once, or when none will be.
func (p *Pool) Probed() <-chan struct{} { return p.probed }

// watch probes one backend until ctx is done. It tells first when its first
// probe is over.
//
// An ordinary probe comes after the interval. It comes at once when traffic could
// not connect, and ten times as often while the last result speaks against the
// state: a backend that died under load is down after a fraction of what fall
// intervals would take, and still not because of one lost packet. A probe that
// traffic asked for counts as doubt too, so that a backend whose probes succeed
// while traffic cannot connect is not probed without a pause.
func (p *Pool) watch(ctx context.Context, b *Backend, first chan<- struct{}, probe func(context.Context) error) {
	h := health{rise: p.probe.Rise, fall: 1} // a backend that fails its very first probe starts down
	asked := false                           // by traffic, for the last probe
	for {
		err := probe(ctx)
		if ctx.Err() == nil {
			if state, why := h.add(err); why != "" {
				p.setState(b, state, why)
			}
		}
		h.fall = p.probe.Fall
		if first != nil {
			first <- struct{}{}
			first = nil
		}
		wait, suspect := p.probe.Interval, b.suspect
		if h.row > 0 || asked {
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

// ask sends one probe and returns why it failed.
func (p *Pool) ask(ctx context.Context, client *http.Client, b *Backend) error {
	ctx, cancel := context.WithTimeout(ctx, p.probe.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.host()+p.probe.Path, nil)
	if err != nil {
		return fmt.Errorf("health_check.path: %w", err)
	}
	req.Header.Set("User-Agent", "goproxyreverso-probe")
	resp, err := client.Do(req)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer within health_check.timeout")
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if !p.probe.Status(resp.StatusCode) {
		return fmt.Errorf("status %d is not among health_check.status", resp.StatusCode)
	}
	return nil
}

// health counts the results of the probes of one backend.
type health struct {
	rise, fall int
	state      State
	row        int // results in a row that speak against state
}

// add takes the result of one probe. It returns the state, and why it changed
// when it did.
func (h *health) add(err error) (state State, why string) {
	if (err == nil) == (h.state == Up) {
		h.row = 0
		return h.state, ""
	}
	h.row++
	switch {
	case h.state == Up && h.row >= h.fall:
		h.state, why = Down, fmt.Sprintf("%d failed probes in a row, the last: %v", h.row, err)
	case h.state == Down && h.row >= h.rise:
		h.state, why = Up, fmt.Sprintf("%d successful probes in a row", h.row)
	default:
		return h.state, ""
	}
	h.row = 0
	return h.state, why
}
