package config

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Which listeners only their own machine can reach.
func TestIsLoopback(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "LOCALHOST:0", "[::ffff:127.0.0.1]:1"} {
		require.True(t, IsLoopback(addr), addr)
	}
	for _, addr := range []string{":1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1", "localhost.example:1", "unix:/run/x", ""} {
		require.False(t, IsLoopback(addr), addr)
	}
}

// No way of printing a configuration shows the token.
func TestTokenIsNotPrinted(t *testing.T) {
	c := parse(t, "backends: [http://a]\nadmin_addr: :9901\nadmin_token: hidden-0123456789\n")
	require.Equal(t, "hidden-0123456789", string(c.AdminToken))
	text, err := json.Marshal(c)
	require.NoError(t, err)
	for _, printed := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %q %x", *c, *c, c.AdminToken, c.AdminToken), string(text)} {
		require.NotContains(t, printed, "hidden-0123456789")
	}
}

// That another token is another is told, and neither of them.
func TestDiffOfTokens(t *testing.T) {
	with := func(token string) *Config { return parse(t, "backends: [http://a]\nadmin_token: '"+token+"'\n") }
	a, b, none := with("one-0123456789-hidden"), with("two-0123456789-hidden"), with("")
	require.Empty(t, Diff(a, a))
	for _, row := range [][2]*Config{{a, b}, {a, none}, {none, b}} {
		found := Diff(row[0], row[1])
		require.Len(t, found, 1)
		require.Equal(t, "admin_token", found[0].Path)
		require.NotContains(t, found[0].String(), "hidden")
	}
}

// No problem of a configuration shows a token, wherever it was written and
// however wrong it is.
func TestProblemsHideTokens(t *testing.T) {
	for _, s := range []Source{
		{Data: []byte("admin_token: hidden\nnope: 1\n")},
		{Data: []byte("nope: 1\nadmin_token: 'hidden-0123456789'\n")},
		{Data: []byte("nope: 1\nadmin_tokn: hidden-0123456789\n")},
		{Data: []byte("{nope: 1, \"admin_token\": hidden-0123456789}\n")},
		{Data: []byte("admin_token: >\n  hidden words\n  of several lines\n")},
		{Data: []byte("admin_token: [hidden]\n")},
		{Env: []string{"PROXY_ADMIN_TOKEN=hidden"}},
		{Set: []string{"admin_token=hidden", "admin_tokn=hidden"}},
	} {
		_, err := Parse(s)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hidden", "%+v", s)
	}
}
