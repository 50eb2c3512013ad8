package accesslog

import (
	"math/rand/v2"
	"time"
)

// Settings are the configuration of a Log. Two that are equal make the same Log.
type Settings struct {
	Path   string // of the file; "-" is standard output
	Format string // json, combined or a template

	// Sample is the share of exchanges that are logged, of those that the two
	// settings below do not choose: these are logged in any case.
	Sample     float64
	Errors     bool          // choose what failed on any side and every status from 500 on
	SlowerThan time.Duration // choose what took as long or longer; 0: nothing
}

// wants reports whether an exchange is logged.
func (s *Settings) wants(r *Record) bool {
	switch {
	case s.Sample >= 1, s.Errors && r.isError(), s.SlowerThan > 0 && r.Total >= s.SlowerThan:
		return true
	}
	return s.Sample > 0 && rand.Float64() < s.Sample
}
