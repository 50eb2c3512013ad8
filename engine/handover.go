package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/certs"
	"github.com/ESousa97/goproxyreverso/pool"
)

// state is what a process leaves to the one that takes over from it, beside its
// sockets: what operators and time have made, and no file says.
type state struct {
	Overrides map[string][]pool.Override // by pool
	Tickets   []byte                     // keys of TLS sessions
}

// State returns what Restore gives to the process that takes over from this one.
func (e *Engine) State() ([]byte, error) {
	s := state{Overrides: make(map[string][]pool.Override), Tickets: e.tickets.Bytes()}
	for _, p := range e.snapshot.Load().pools {
		s.Overrides[p.Name] = p.Overrides()
	}
	return json.Marshal(s)
}

// Restore takes over what State returned in the process before this one. It is
// called before Listen.
func (e *Engine) Restore(data []byte) error {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("state of the process before: %w", err)
	}
	for _, p := range e.snapshot.Load().pools {
		p.Restore(s.Overrides[p.Name])
	}
	tickets, err := certs.NewTickets(s.Tickets)
	if err != nil {
		return fmt.Errorf("state of the process before: %w", err)
	}
	e.tickets = tickets
	return nil
}

// HandOver is called when another process serves on the same sockets. The next stop
// of this one closes nothing that clients can see: the sockets stay open, and
// connections that are idle have some time to send the request whose answer tells
// them to go.
func (e *Engine) HandOver() {
	e.changing.Lock()
	defer e.changing.Unlock()
	for _, l := range e.snapshot.Load().listeners {
		l.Shared = true
	}
	if e.admin.listener != nil {
		e.admin.listener.Shared = true
	}
	e.handedOver.Store(true)
}

// handOverCall is how long an idle connection may take for its last request after
// another process has taken over: longer than the pauses between requests on a
// connection in use, and far within the time that an old process may live on.
const handOverCall = 5 * time.Second

// lastCallTime is how long a stop waits for a request that is on its way on an
// idle connection.
func (e *Engine) lastCallTime() time.Duration {
	if e.handedOver.Load() {
		return min(handOverCall, e.snapshot.Load().timeouts.Shutdown/2)
	}
	return 50 * time.Millisecond
}
