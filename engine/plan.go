package engine

import "github.com/ESousa97/goproxyreverso/engine/config"

// Plan is what a reload would do.
type Plan struct {
	Changes []config.Difference `json:"changes"`
	Pools   []PoolPlan          `json:"pools"` // those that change and stay
	Restart bool                `json:"restart"`
}

// PoolPlan is what a reload would do to the backends of a pool.
type PoolPlan struct {
	Pool    string `json:"pool"`
	Kept    int    `json:"kept"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`

	// Lost is the share of the weight of the pool's backends, backups apart, that goes
	// with those that are removed.
	Lost float64 `json:"lost"`
}

// Plan tells what a reload would do if the file held data. It changes nothing. The
// error says why the reload would be refused; name is what it calls the file.
func (e *Engine) Plan(name string, data []byte) (Plan, error) {
	source := e.Source
	source.Name, source.Data = name, data
	c, err := config.Parse(source)
	if err != nil {
		return Plan{}, err
	}
	e.changing.Lock()
	defer e.changing.Unlock()
	t := &transition{}
	_, err = newSnapshot(c, e, t)
	t.undo()
	if err != nil {
		return Plan{}, err
	}
	return newPlan(e.snapshot.Load().config, c), nil
}

func newPlan(before, after *config.Config) Plan {
	p := Plan{Changes: config.Diff(before, after)}
	for _, d := range p.Changes {
		p.Restart = p.Restart || d.Restart
	}
	stay := make(map[string]config.Pool)
	for _, pc := range after.Pools {
		stay[pc.Name] = pc
	}
	for _, pc := range before.Pools {
		if next, ok := stay[pc.Name]; ok {
			if pp := planPool(pc, next); pp.Added+pp.Removed > 0 {
				p.Pools = append(p.Pools, pp)
			}
		}
	}
	return p
}

func planPool(before, after config.Pool) PoolPlan {
	p := PoolPlan{Pool: before.Name}
	stay := make(map[string]bool)
	for _, b := range after.Backends {
		stay[b.Addr] = true
	}
	total, lost := 0, 0
	for _, b := range before.Backends {
		weight := b.Weight
		if b.Backup {
			weight = 0
		}
		total += weight
		if stay[b.Addr] {
			p.Kept++
			continue
		}
		p.Removed++
		lost += weight
	}
	p.Added = len(after.Backends) - p.Kept
	p.Lost = float64(lost) / float64(max(1, total))
	return p
}
