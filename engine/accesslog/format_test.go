package accesslog

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// full is a record with something in every field.
func full() *Record {
	return &Record{
		Time:   time.Date(2026, 11, 24, 8, 5, 9, 7_654_321, time.FixedZone("", 3600)),
		Client: netip.MustParseAddr("2001:db8::7"), Peer: netip.MustParseAddr("10.0.0.1"),
		Method: []byte("GET"), Target: []byte("/a?b=c"), Protocol: "HTTP/1.1", Host: []byte("example.com:80"),
		Referer: []byte("https://example.com/"), UserAgent: []byte("curl/8"), RequestID: []byte("id-1"), TLS: "1.3",
		Route: "example.com/a", Pool: "api", Backend: "10.0.0.2:80", Attempts: 2,
		Status: 502, Reason: "connection_refused", Failed: "backend", Received: 100, Sent: 250, SentHead: 50,
		Connect: 1500 * time.Microsecond, FirstByte: 20 * time.Millisecond, Total: 61*time.Second + 42*time.Nanosecond,
	}
}

func line(t testing.TB, text string, r *Record) string {
	f, err := compile(text)
	require.NoError(t, err)
	b := f.append(nil, r, &clock{})
	require.LessOrEqual(t, len(b), f.longest())
	return string(b)
}

// Each format renders each field, numbers as numbers.
func TestFormats(t *testing.T) {
	require.Equal(t, `{"time":"2026-11-24T07:05:09.007Z","client":"2001:db8::7","peer":"10.0.0.1","method":"GET","target":"/a?b=c",`+
		`"protocol":"HTTP/1.1","host":"example.com:80","route":"example.com/a","pool":"api","backend":"10.0.0.2:80","attempts":2,`+
		`"status":502,"reason":"connection_refused","failed":"backend","bytes_received":100,"bytes_sent":250,"body_bytes_sent":200,`+
		`"time_connect":0.001500,"time_first_byte":0.020000,"time_total":61.000000,"request_id":"id-1","tls_version":"1.3",`+
		`"referer":"https://example.com/","user_agent":"curl/8"}`+"\n", line(t, "json", full()))
	require.Equal(t, `2001:db8::7 - - [24/Nov/2026:07:05:09 +0000] "GET /a?b=c HTTP/1.1" 502 200 "https://example.com/" "curl/8"`+"\n",
		line(t, "combined", full()))
	var all []string
	for _, name := range Fields() {
		all = append(all, "${"+name+"}")
	}
	require.Equal(t, "2026-11-24T07:05:09.007Z|24/Nov/2026:07:05:09 +0000|2001:db8::7|10.0.0.1|GET|/a?b=c|HTTP/1.1|GET /a?b=c HTTP/1.1|"+
		"example.com:80|example.com/a|api|10.0.0.2:80|2|502|connection_refused|backend|100|250|200|0.001500|0.020000|61.000000|"+
		"id-1|1.3|https://example.com/|curl/8\n", line(t, strings.Join(all, "|"), full()))
}

// What there is not is left out of JSON and a hyphen in text.
func TestEmptyFields(t *testing.T) {
	r := &Record{Time: time.Unix(0, 0), Status: 400}
	require.Equal(t, `- - - [01/Jan/1970:00:00:00 +0000] "-" 400 0 "-" "-"`+"\n", line(t, "combined", r))
	require.JSONEq(t, `{"time":"1970-01-01T00:00:00.000Z","client":"","peer":"","attempts":0,"status":400,"bytes_received":0,"bytes_sent":0,`+
		`"body_bytes_sent":0,"time_connect":0,"time_first_byte":0,"time_total":0}`, line(t, "json", r))
	require.Equal(t, "$ {} -$\n", line(t, "$ {} ${tls_version}$", r))
}

// A template with a mistake is refused with what is wrong.
func TestBadTemplates(t *testing.T) {
	var unknown *UnknownFieldError
	require.ErrorAs(t, CheckFormat("${status} ${ status}"), &unknown)
	require.Equal(t, " status", unknown.Name)
	require.ErrorIs(t, CheckFormat("status"), ErrFormat)
	require.ErrorIs(t, CheckFormat(""), ErrFormat)
	for _, text := range []string{"${status", "${status}\n${client}", "${status}\x00", "${status}" + strings.Repeat("x", maxTemplate)} {
		require.Error(t, CheckFormat(text), text)
	}
}

// The keys of JSON are the names of templates, but for the two that are others put
// together.
func TestKeysAreFields(t *testing.T) {
	var keys map[string]any
	require.NoError(t, json.Unmarshal([]byte(line(t, "json", full())), &keys))
	for _, name := range Fields() {
		if name != "request" && name != "time_clf" {
			require.Contains(t, keys, name)
			delete(keys, name)
		}
	}
	require.Empty(t, keys)
}

// Whatever bytes a value has, it can be read back from JSON, and shows only what
// can be printed.
func TestEscapes(t *testing.T) {
	for _, c := range []struct{ value, json, text string }{
		{`"a"\b`, `\"a\"\\b`, `\"a\"\\b`},
		{"a\r\nb\tc\x00\x1b[31m\x7f", `a\u000d\u000ab\u0009c\u0000\u001b[31m\u007f`, `a\r\nb\tc\x00\x1b[31m\x7f`},
		{"grün 世界 😀", "grün 世界 😀", `gr\xc3\xbcn \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80`},
		{"\xff\xc3(\xed\xa0\x80", `\ufffd\ufffd(\ufffd\ufffd\ufffd`, `\xff\xc3(\xed\xa0\x80`},
		{"\u2028\u2029\u0085\u202e\U000e0001", `\u2028\u2029\u0085\u202e\udb40\udc01`, `\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\xe2\x80\xae\xf3\xa0\x80\x81`},
		{"\ufffd", "\ufffd", `\xef\xbf\xbd`},
	} {
		require.Equal(t, c.json, string(appendValue(nil, c.value, true)))
		require.Equal(t, c.text, string(appendValue(nil, []byte(c.value), false)))
	}
}

// A value that is too long is cut where an escape ends.
func TestLongValues(t *testing.T) {
	for _, piece := range []string{"a", "\"", "\xff", "\U000e0001", "é"} {
		for _, isJSON := range []bool{true, false} {
			got := string(appendValue(nil, strings.Repeat(piece, maxValue+1), isJSON))
			require.LessOrEqual(t, len(got), maxValue+len(ellipsis))
			require.Greater(t, len(got), maxValue-longestEscape)
			require.True(t, strings.HasSuffix(got, ellipsis))
			require.True(t, !isJSON || json.Valid([]byte(`"`+got+`"`)))
		}
	}
	exact := strings.Repeat("a", maxValue)
	require.Equal(t, exact, string(appendValue(nil, exact, true)))
}

// No value can end its line or its quotes, or be more than its share of the line.
func FuzzLine(f *testing.F) {
	f.Add([]byte("GET"), []byte("/\"\n{}"), []byte("a\xff\u2028"))
	f.Add([]byte(""), []byte("\\"), []byte("\xed\xa0\x80\x7f"))
	f.Fuzz(func(t *testing.T, method, target, agent []byte) {
		r := full()
		r.Method, r.Target, r.UserAgent = method, target, agent
		text := line(t, "json", r)
		require.Equal(t, 1, strings.Count(text, "\n"))
		var got struct {
			UserAgent string `json:"user_agent"`
			Status    int
		}
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.Equal(t, 502, got.Status)
		if utf8.Valid(agent) && len(agent) < maxValue/longestEscape {
			require.Equal(t, string(agent), got.UserAgent)
		}
		for format, quotes := range map[string]int{"combined": 6, `"${target}" "${user_agent}"`: 4} {
			text = line(t, format, r)
			bare := strings.ReplaceAll(strings.ReplaceAll(text, `\\`, ""), `\"`, "")
			require.Equal(t, quotes, strings.Count(bare, `"`), text)
			require.False(t, strings.ContainsFunc(text[:len(text)-1], func(c rune) bool { return c < ' ' || c > '~' }), "%q", text)
		}
	})
}
