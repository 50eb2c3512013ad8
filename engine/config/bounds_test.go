package config

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Input made to be expensive is refused for what it is. The parser would not
// survive some of it: a stack that overflows cannot be recovered.
func TestHostileInput(t *testing.T) {
	bomb := "a: &a [x]\n"
	for i := range 60 {
		bomb += fmt.Sprintf("%c%d: &%c%d [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n", 'a'+i%26, i, 'a'+i%26, i)
	}
	fill := func(piece string) string { return strings.Repeat(piece, 1<<20/len(piece)) }
	for name, text := range map[string]string{
		"alias bomb":          bomb,
		"alias cycle":         "a: &a {b: *a}\n",
		"open brackets":       fill("["),
		"open braces":         fill("{a: "),
		"braces over lines":   fill("{a:\n "),
		"dashes":              fill("- "),
		"question marks":      fill("? "),
		"anchors":             fill("&a "),
		"anchors over lines":  fill("&a\n"),
		"tags":                fill("!a "),
		"colons":              fill(": "),
		"keys":                fill("a: 1\n"),
		"keys without colon":  "{" + fill("a,"),
		"keys and brackets":   fill("a: [\n"),
		"items":               "backends: [" + fill("1,"),
		"lines of items":      "backends:\n" + fill("- 1\n"),
		"steps":               steps(2000),
		"documents":           fill("---\n"),
		"documents with body": fill("---\na\n"),
		"quotes":              fill(`"`),
		"long key":            fill("k") + ": [1, 2, 3]",
		"long value":          "listen_addr: " + fill("x"),
		"long block":          "listen_addr: |\n" + fill("  x\n"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			lines := problems(t, Source{Data: []byte(text)})
			runtime.ReadMemStats(&after)
			require.NotEmpty(t, lines)
			require.LessOrEqual(t, len(lines), maxProblems)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30), "bytes allocated")
		})
	}
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
