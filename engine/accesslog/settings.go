package accesslog

import (
	"math/rand/v2"
	"time"
)

// Settings are the configuration of a Log. Two that are equal make the same Log.
type Settings struct {
	Path   string // of the file; "-" is standard output
	Format string // json, combined or a template

	// Sample is the share of exchanges that are logged, of those that Only does not
	// choose: these are logged in any case.
	Sample float64
	Only   Choice
}

// Choice chooses exchanges.
type Choice struct {
	Errors     bool          // what failed on any side, and every status from 500 on
	SlowerThan time.Duration // what took as long or longer; 0: nothing
}

// String is the choice as a configuration spells it.
func (c Choice) String() string {
	switch {
	case c.Errors && c.SlowerThan > 0:
		return "[errors " + c.SlowerThan.String() + "]"
	case c.Errors:
		return "[errors]"
	case c.SlowerThan > 0:
		return "[" + c.SlowerThan.String() + "]"
	}
	return "[]"
}

// has reports whether an exchange is chosen.
func (c Choice) has(r *Record) bool {
	return c.Errors && r.isError() || c.SlowerThan > 0 && r.Total >= c.SlowerThan
}

// wants reports whether an exchange is logged.
func (s *Settings) wants(r *Record) bool {
	return s.Sample >= 1 || s.Only.has(r) || s.Sample > 0 && rand.Float64() < s.Sample
}
