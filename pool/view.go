package pool

import (
	"math/rand/v2"
	"slices"
)

// view is what requests see of a pool. It is immutable: a change makes the next.
type view struct {
	backends []*Backend  // of the configuration
	eligible []candidate // that may be picked
	picker   Picker      // of the eligible; nil without any
	reserve  []candidate // backups that are up: for retries, when all others were tried
}

// candidate is a backend that may be picked, with the weight it has then.
type candidate struct {
	backend *Backend
	weight  int64
}

// Pick returns the backend for the next attempt, by preference none of tried;
// one of them only when no other is eligible. It returns nil when none is.
func (p *Pool) Pick(tried []*Backend) *Backend {
	v := p.view.Load()
	if len(v.eligible) == 0 {
		return nil
	}
	b := v.picker.Pick()
	if len(tried) == 0 || !slices.Contains(tried, b) {
		return b
	}
	// Slow path: a retry whose pick was tried already.
	if other := untried(v.eligible, tried); other != nil {
		return other
	}
	if other := untried(v.reserve, tried); other != nil {
		return other
	}
	return b
}

// untried returns one of list that is not in tried, nil when all are.
func untried(list []candidate, tried []*Backend) *Backend {
	start := rand.IntN(max(1, len(list)))
	for i := range list {
		if b := list[(start+i)%len(list)].backend; !slices.Contains(tried, b) {
			return b
		}
	}
	return nil
}

// Only reports whether b is the one backend that a request could be sent to.
func (p *Pool) Only(b *Backend) bool {
	v := p.view.Load()
	return len(v.eligible) == 1 && v.eligible[0].backend == b && len(v.reserve) == 0
}

// Eligible returns the number of backends that may be picked.
func (p *Pool) Eligible() int { return len(p.view.Load().eligible) }

// Backends returns the backends of the configuration in its order. The list is
// not to be changed.
func (p *Pool) Backends() []*Backend { return p.view.Load().backends }

// rebuild makes the next view. The mutex is held.
func (p *Pool) rebuild() {
	v := &view{backends: p.backends}
	v.eligible, v.reserve = p.choose(nil)
	if len(v.eligible) > 0 {
		v.picker = strategies[p.config.Strategy](v.eligible, &p.turn)
	}
	p.view.Store(v)
}

// choose returns the backends that are eligible, and those in reserve, if except
// did not count: those that are up, those that are backup only when there is no
// other, and those that were never probed only when nothing is up. The mutex is
// held.
func (p *Pool) choose(except *Backend) (eligible, reserve []candidate) {
	var ordinary, backup, unprobed, unprobedBackup []candidate
	for _, b := range p.backends {
		if b == except {
			continue
		}
		c := candidate{backend: b, weight: p.weightOf(b)}
		switch state := b.State(); {
		case state == Up && !b.backup:
			ordinary = append(ordinary, c)
		case state == Up:
			backup = append(backup, c)
		case state == Unprobed && !b.backup:
			unprobed = append(unprobed, c)
		case state == Unprobed:
			unprobedBackup = append(unprobedBackup, c)
		}
	}
	switch {
	case len(ordinary) > 0:
		return ordinary, backup
	case len(backup) > 0:
		return backup, nil
	case len(unprobed) > 0:
		return unprobed, unprobedBackup
	}
	return unprobedBackup, nil
}
