package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
)

// StateChange is a change of a backend's state, as the status shows it.
type StateChange struct {
	Time    time.Time `json:"time"`
	Pool    string    `json:"pool"`
	Backend string    `json:"backend"`
	Old     string    `json:"old"`
	New     string    `json:"new"`
	Why     string    `json:"why"`
}

// maxChanges is how many changes are remembered.
const maxChanges = 64

// changes remembers the last changes of all backends.
type changes struct {
	mu   sync.Mutex
	list []StateChange // the oldest first
}

func (s *changes) add(c pool.Change, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == maxChanges {
		s.list = slices.Delete(s.list, 0, 1)
	}
	s.list = append(s.list, StateChange{
		Time: now, Pool: c.Pool, Backend: c.Backend.Addr, Old: c.Old.String(), New: c.New.String(), Why: c.Why,
	})
}

// newestFirst returns the last changes.
func (s *changes) newestFirst() []StateChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append(make([]StateChange, 0, len(s.list)), s.list...)
	slices.Reverse(list)
	return list
}
