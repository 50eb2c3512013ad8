package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every file in testdata/bad is refused with exactly the problems that its
// first lines name.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.Greater(t, len(files), 36)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var want []string
			for line := range strings.Lines(string(data)) {
				text, ok := strings.CutPrefix(line, "# want: ")
				if !ok {
					break
				}
				want = append(want, strings.TrimSuffix(text, "\n"))
			}
			require.NotEmpty(t, want, "the file does not say what is wrong with it")
			require.Equal(t, want, problems(t, Source{Data: data}))
		})
	}
}

// A file without anything in it says what it needs.
func TestEmptyFile(t *testing.T) {
	want := []string{"1:1: no backends: the file needs a list of them, backends: [http://127.0.0.1:9001]"}
	for _, text := range []string{"", "\n\n", "---\n", "# nothing\n", "null\n", "{}\n"} {
		require.Equal(t, want, problems(t, Source{Data: []byte(text)}), "%q", text)
	}
}

// An error shows each problem on a line and go-yaml's drawing of its place
// below.
func TestErrorText(t *testing.T) {
	_, err := Parse(Source{
		Name:       "proxy.yaml",
		Data:       []byte("backends:\n  - http://127.0.0.1:9001\npools:\n  api:\n    strategy: rr\n    backends: [http://127.0.0.1:9002]\nroutes:\n  - {pool: api}\n"),
		Env:        []string{"PROXY_STRATEGY=rr"},
		Strategies: strategies,
	})
	require.EqualError(t, err, `proxy.yaml:5:5: pools.api.strategy: unknown strategy "rr" (want least_conn, round_robin)
   2 |   - http://127.0.0.1:9001
   3 | pools:
   4 |   api:
>  5 |     strategy: rr
           ^
   6 |     backends: [http://127.0.0.1:9002]
   7 | routes:
   8 |   - {pool: api}
environment PROXY_STRATEGY: strategy: unknown strategy "rr" (want least_conn, round_robin)`)
}

// However many mistakes a file has, an error stays readable and says how many
// it left out.
func TestManyProblems(t *testing.T) {
	var text strings.Builder
	text.WriteString("backends: [http://a]\n")
	for i := range 1000 {
		text.WriteString("key" + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + ": 1\n")
	}
	lines := problems(t, Source{Data: []byte(text.String())})
	require.Len(t, lines, maxProblems)
	require.Contains(t, lines[maxProblems-1], "(and 900 more problems)")
}

// A line too long to show is not shown, and its problem is.
func TestLongLine(t *testing.T) {
	_, err := Parse(Source{Data: []byte("backends: [" + strings.Repeat("x, ", 50000) + "]\n")})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Problems, maxProblems)
	for _, p := range e.Problems {
		require.Empty(t, p.Excerpt)
		require.Less(t, len(p.String()), 300)
	}
}
