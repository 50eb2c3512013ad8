//go:build linux

package main

import "slices"

// result is what came out for one contender in one variant.
type result struct {
	Variant   string             `json:"variant,omitempty"`
	Contender string             `json:"contender"`
	Figures   map[string]summary `json:"figures"` // by the key of a figure
	Rounds    []sample           `json:"rounds"`
}

// summary is what is made of a figure's values in all rounds. Figures that are
// only counted have their sum in the place of the median.
type summary struct {
	spread
	ToNginx *spread `json:"to_nginx,omitempty"` // nil where nginx gave nothing to divide by
	ToFloor *spread `json:"to_floor,omitempty"`
}

// summarize makes the results of entrants that have a sample of each round.
func summarize(r *rig) []result {
	var all []result
	for _, e := range r.entrants {
		row := result{Variant: e.variant.name, Contender: e.name, Figures: map[string]summary{}, Rounds: e.samples}
		toNginx, toFloor := r.rival(e, nginxName), r.rival(e, floorName)
		for _, f := range r.scenario.figures() {
			values := each(e.samples, f)
			s := summary{spread: spreadOf(values)}
			switch f.kind {
			case compared:
				s.ToNginx = ratio(values, each(toNginx, f))
				s.ToFloor = ratio(values, each(toFloor, f))
			case counted:
				s.spread = spread{}
				for _, v := range values {
					s.Median += v
				}
			}
			row.Figures[f.key] = s
		}
		all = append(all, row)
	}
	return all
}

// rival returns the samples of a contender in the variant of e, none where it
// does not take part.
func (r *rig) rival(e *entrant, name string) []sample {
	i := slices.IndexFunc(r.entrants, func(o *entrant) bool { return o.name == name && o.variant.name == e.variant.name })
	if i < 0 {
		return nil
	}
	return r.entrants[i].samples
}

func ratio(values, by []float64) *spread {
	all := ratios(values, by)
	if len(all) == 0 {
		return nil
	}
	s := spreadOf(all)
	return &s
}
