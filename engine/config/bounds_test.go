package config

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Input made to be expensive is refused for what it is, below the bounds as well
// as above them. The parser would not survive some of it: a stack that overflows
// cannot be recovered.
func TestHostileInput(t *testing.T) {
	bomb := "a: &a [x]\n"
	for i := range 60 {
		bomb += fmt.Sprintf("%c%d: &%c%d [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n", 'a'+i%26, i, 'a'+i%26, i)
	}
	for name, form := range map[string]struct{ before, repeated, after string }{
		"alias bomb":          {before: bomb},
		"alias cycle":         {before: "a: &a {b: *a}\n"},
		"open brackets":       {repeated: "["},
		"open braces":         {repeated: "{a: "},
		"braces over lines":   {repeated: "{a:\n "},
		"dashes":              {repeated: "- "},
		"question marks":      {repeated: "? "},
		"anchors":             {repeated: "&a "},
		"anchors over lines":  {repeated: "&a\n"},
		"tags":                {repeated: "!a "},
		"colons":              {repeated: ": "},
		"keys":                {repeated: "a: 1\n"},
		"keys of empty maps":  {repeated: "a: {}\n"},
		"keys without colon":  {"{", "a,", "}"},
		"keys in a list":      {"a: [", "a: 1,", "]"},
		"keys and brackets":   {repeated: "a: [\n"},
		"empty lists":         {"a: [", "[],", "]"},
		"items":               {"backends: [", "1,", "]"},
		"commas":              {"backends: [", ",", "]"},
		"lines of items":      {before: "backends:\n", repeated: "- 1\n"},
		"lines of mappings":   {before: "backends:\n", repeated: "- url: a\n"},
		"words with colons":   {"{a: [", "b:c,", "]}"},
		"documents":           {repeated: "---\n"},
		"documents with body": {repeated: "---\na\n"},
		"ends of documents":   {repeated: "a\n...\n"},
		"ends of nothing":     {repeated: "...\n"},
		"comments":            {repeated: "# a\n"},
		"quotes":              {repeated: `"`},
		"quoted words":        {repeated: `"" `},
		"blocks":              {repeated: "a: |\n  b\n"},
		"long key":            {"", "k", ": [1, 2, 3]"},
		"long value":          {before: "listen_addr: ", repeated: "x"},
		"long block":          {before: "listen_addr: |\n", repeated: "  x\n"},
	} {
		for _, size := range []int{60e3, 400e3} {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				requireCheap(t, form.before+strings.Repeat(form.repeated, size/max(1, len(form.repeated)))+form.after)
			})
		}
	}
	t.Run("steps", func(t *testing.T) { requireCheap(t, steps(1000)) })
}

// requireCheap checks that text is refused with little memory, by which the
// time is bounded too.
func requireCheap(t *testing.T, text string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	lines := problems(t, Source{Data: []byte(text)})
	runtime.ReadMemStats(&after)
	require.NotEmpty(t, lines)
	require.LessOrEqual(t, len(lines), maxProblems)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<30), "bytes allocated in all")
}

// steps is a mapping in a mapping, n deep.
func steps(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// A configuration of thousands of backends is nowhere near the bounds.
func TestManyBackends(t *testing.T) {
	var b strings.Builder
	b.WriteString("backends:\n")
	const many = 5000
	for i := range many {
		fmt.Fprintf(&b, "  - {url: http://10.0.%d.%d:8080, weight: 2}\n", i/250, i%250)
	}
	require.Len(t, parse(t, b.String()).Pools[0].Backends, many)
}
