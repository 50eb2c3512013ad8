package engine

import (
	"errors"
	"sync"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// ErrStopping is returned by Reload when the proxy has begun to stop.
var ErrStopping = errors.New("engine: the proxy is stopping")

// Reload reads the configuration again and puts it to use: all of it, or, when
// anything about it is wrong, nothing. What did not change keeps its connections,
// health, counts and budgets; listeners that are gone are drained, and exchanges
// under way end as they began. It may be called from any goroutine. The error says
// what is wrong, with its place in the file.
func (e *Engine) Reload() error {
	c, err := config.Load(e.Path, e.Source)
	if err == nil {
		err = e.change(c)
	}
	if err != nil {
		e.reloads.failed()
		e.log.Error("reload failed, the configuration stays as it was", "error", err)
		return err
	}
	e.reloads.succeeded(time.Now())
	return nil
}

// change puts a configuration to use.
func (e *Engine) change(c *config.Config) error {
	e.changing.Lock()
	defer e.changing.Unlock()
	if e.stopped {
		return ErrStopping
	}
	old := e.snapshot.Load()
	t := &transition{}
	next, err := newSnapshot(c, e, t)
	if err == nil {
		err = next.openLog(old, t)
	}
	if err == nil {
		err = next.listen(e, old, t)
	}
	if err != nil {
		t.undo()
		return err
	}
	t.commit()
	e.snapshot.Store(next)
	for _, p := range next.pools {
		if old.pool(p.Name) == nil {
			p.Start()
		}
		if p.Eligible() == 0 {
			e.log.Warn("no backend can be picked after the reload", "pool", p.Name)
		}
	}
	for _, l := range next.listeners {
		if !old.hasListener(l) {
			e.serve(l)
		}
	}
	for _, l := range old.listeners {
		if !next.hasListener(l) {
			e.background.Go(func() {
				l.drain()
				l.settings.Load().close()
			})
		}
	}
	for _, p := range old.pools {
		if next.pool(p.Name) == nil {
			e.background.Go(p.Close)
		}
	}
	if old.log != next.log {
		e.background.Go(old.log.Retire)
	}
	changes := config.Diff(old.config, c)
	for _, d := range changes {
		if d.Restart {
			e.log.Warn("a setting changes with the next start only", "setting", d.Path, "old", d.Old, "new", d.New)
		}
	}
	e.log.Info("reloaded", "listen_addr", next.addrs(), "pools", len(next.pools), "changes", len(changes))
	return nil
}

// transition is what one snapshot has to do to become the next. While the next is
// built, nothing that serves may change: what is to change is put off to commit,
// and what was made for nothing is undone.
type transition struct {
	changes []func()
	made    []func()
}

func (t *transition) onCommit(f func()) { t.changes = append(t.changes, f) }
func (t *transition) onUndo(f func())   { t.made = append(t.made, f) }

func (t *transition) commit() {
	for _, f := range t.changes {
		f()
	}
}

func (t *transition) undo() {
	for _, f := range t.made {
		f()
	}
}

// reloads is how reloading went, for the metrics.
type reloads struct {
	mu       sync.Mutex
	ok       bool      // the last one
	at       time.Time // the last that went well; first of all the start
	good     uint64
	bad      uint64
	notFirst bool
}

func (r *reloads) succeeded(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notFirst {
		r.good++
	}
	r.ok, r.at, r.notFirst = true, now, true
}

func (r *reloads) failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ok = false
	r.bad++
}
