package engine

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// families writes families of metrics, each with its help and type.
type families struct {
	w    *bufio.Writer
	name string
}

func (f *families) begin(name, kind, help string) {
	f.name = name
	fmt.Fprintf(f.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (f *families) value(labels string, v uint64) {
	f.w.WriteString(f.name)
	f.w.WriteString(labels)
	f.w.WriteByte(' ')
	f.w.WriteString(strconv.FormatUint(v, 10))
	f.w.WriteByte('\n')
}

func (f *families) single(name, kind, help string, v uint64) {
	f.begin(name, kind, help)
	f.value("", v)
}

// codes writes one series for each class of status.
func (f *families) codes(t tally, pairs ...string) {
	for class := range classes {
		n := t.sum(func(s *tallyStripe) *atomic.Uint64 { return &s.codes[class] })
		f.value(labels(append(pairs, "code", strconv.Itoa(class+1)+"xx")...), n)
	}
}

// histogram writes the series of one histogram.
func (f *families) histogram(t tally, pairs ...string) {
	family := f.name
	total := uint64(0)
	f.name = family + "_bucket"
	for i := range len(bucketBounds) + 1 {
		bound := "+Inf"
		if i < len(bucketBounds) {
			bound = strconv.FormatFloat(bucketBounds[i].Seconds(), 'g', -1, 64)
		}
		total += t.sum(func(s *tallyStripe) *atomic.Uint64 { return &s.buckets[i] })
		f.value(labels(append(pairs, "le", bound)...), total)
	}
	nanos := t.sum(func(s *tallyStripe) *atomic.Uint64 { return &s.nanos })
	fmt.Fprintf(f.w, "%s_sum%s %s\n", family, labels(pairs...), strconv.FormatFloat(float64(nanos)/1e9, 'g', -1, 64))
	f.name = family + "_count"
	f.value(labels(pairs...), total)
	f.name = family
}

// labels formats names and values of labels in turn. No value needs escaping:
// they are words of the configuration and of the code.
func labels(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		b.WriteString(pairs[i])
		b.WriteString(`="`)
		b.WriteString(pairs[i+1])
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
