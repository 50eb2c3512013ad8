package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// BackendRequest is the body of POST /drain, /undrain and /weight.
type BackendRequest struct {
	Pool    string `json:"pool"`    // "": the one that has the backend
	Backend string `json:"backend"` // its address, as the status shows it
	Force   bool   `json:"force"`   // drain it even when nothing else can take requests
	Weight  *int   `json:"weight"`  // 0: that of the configuration
}

// BackendAnswer says how the backend is now.
type BackendAnswer struct {
	Pool     string        `json:"pool"`
	Eligible int           `json:"eligible"` // backends of the pool that may be picked
	Backend  BackendStatus `json:"backend"`

	// What the action left, or would leave, to the others if this one takes nothing.
	Headroom HeadroomStatus `json:"headroom"`
}

// HeadroomStatus is what the other backends of a pool can take.
type HeadroomStatus struct {
	Eligible    int     `json:"eligible"`
	WeightShare float64 `json:"weight_share"` // theirs, of the weight that was eligible before the action
	Inflight    int64   `json:"inflight"`     // of the whole pool
	MaxConns    int64   `json:"max_conns"`    // theirs
}

// addActions adds what changes the proxy, or tells what would.
func (a *admin) addActions(m *http.ServeMux) {
	m.HandleFunc("POST /reload", unhurried(a.reload))
	m.HandleFunc("POST /plan", a.plan)
	m.HandleFunc("POST /drain", a.act(func(p *pool.Pool, q BackendRequest) error { return p.Drain(q.Backend, q.Force) }))
	m.HandleFunc("POST /undrain", a.act(func(p *pool.Pool, q BackendRequest) error { return p.Undrain(q.Backend) }))
	m.HandleFunc("POST /weight", a.act(func(p *pool.Pool, q BackendRequest) error {
		switch {
		case q.Weight == nil:
			return errNoWeight
		case *q.Weight == 0:
			return p.ResetWeight(q.Backend)
		}
		return p.SetWeight(q.Backend, *q.Weight)
	}))
}

var errNoWeight = errors.New("the request has no weight (0 is that of the configuration)")

// reload answers with the configuration that is in use then.
func (a *admin) reload(w http.ResponseWriter, _ *http.Request) {
	if err := a.engine.Reload(); err != nil {
		answerError(w, statusOf(err), err.Error())
		return
	}
	answerJSON(w, a.engine.configStatus())
}

// plan answers with what a reload would do if the file held the body.
func (a *admin) plan(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, config.MaxBytes+1))
	if err != nil {
		answerError(w, statusOf(err), "cannot read the configuration: "+err.Error())
		return
	}
	p, err := a.engine.Plan(a.engine.Path, data)
	if err != nil {
		answerError(w, statusOf(err), err.Error())
		return
	}
	answerJSON(w, p)
}

// maxRequest bounds the requests in JSON, in bytes.
const maxRequest = 1 << 20

// act makes a handler of what an operator does with a backend.
func (a *admin) act(do func(*pool.Pool, BackendRequest) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q BackendRequest
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
		d.DisallowUnknownFields()
		if err := d.Decode(&q); err != nil {
			answerError(w, http.StatusBadRequest, "want a request in JSON: "+err.Error())
			return
		}
		answer, err := a.engine.act(q, do)
		if err != nil {
			answerError(w, statusOf(err), err.Error())
			return
		}
		answerJSON(w, answer)
	}
}

// statusOf returns the status that goes with what an action returned.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, pool.ErrUnknownBackend):
		return http.StatusNotFound
	case errors.Is(err, pool.ErrLastEligible), errors.Is(err, errSeveralPools), errors.Is(err, ErrStopping):
		return http.StatusConflict
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusUnprocessableEntity
}

var errSeveralPools = errors.New("several pools have the backend: say which")

// act does something with a backend while no reload is under way.
func (e *Engine) act(q BackendRequest, do func(*pool.Pool, BackendRequest) error) (BackendAnswer, error) {
	e.changing.Lock()
	defer e.changing.Unlock()
	p, err := e.poolOf(q)
	if err != nil {
		return BackendAnswer{}, err
	}
	room, err := p.Headroom(q.Backend)
	if err != nil && !errors.Is(err, pool.ErrUnknownBackend) {
		return BackendAnswer{}, err
	}
	if err := do(p.Pool, q); err != nil {
		return BackendAnswer{}, err
	}
	e.log.Info("an operator changed the overrides of a pool", "pool", p.Name, "backend", q.Backend, "overrides", fmt.Sprint(p.Overrides()))
	answer := BackendAnswer{
		Pool: p.Name, Eligible: p.Eligible(), Backend: BackendStatus{Addr: q.Backend},
		Headroom: HeadroomStatus{room.Backends, room.Share(), room.Inflight, room.MaxConns},
	}
	for _, b := range p.Backends() {
		if b.Addr == q.Backend {
			answer.Backend = e.backendStatus(b, http1.Now())
		}
	}
	return answer, nil
}

// poolOf returns the pool that a request means.
func (e *Engine) poolOf(q BackendRequest) (*servicePool, error) {
	var found *servicePool
	for _, p := range e.snapshot.Load().pools {
		switch {
		case q.Pool == p.Name:
			return p, nil
		case q.Pool != "" || !knows(p.Pool, q.Backend):
		case found != nil:
			return nil, fmt.Errorf("%w: %s and %s", errSeveralPools, found.Name, p.Name)
		default:
			found = p
		}
	}
	switch {
	case q.Pool != "":
		return nil, fmt.Errorf("%w: there is no pool %q", pool.ErrUnknownBackend, q.Pool)
	case found == nil:
		return nil, fmt.Errorf("%w: %q", pool.ErrUnknownBackend, q.Backend)
	}
	return found, nil
}

// knows reports whether a pool has a backend, or an override for when it has.
func knows(p *pool.Pool, addr string) bool {
	for _, b := range p.Backends() {
		if b.Addr == addr {
			return true
		}
	}
	for _, o := range p.Overrides() {
		if o.Addr == addr {
			return true
		}
	}
	return false
}
