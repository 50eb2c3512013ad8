//go:build linux

package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Without arguments every contender takes part in the first scenario.
func TestSettingsDefaults(t *testing.T) {
	set, err := parseSettings(nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, names(contenders), names(set.contenders))
	require.Equal(t, scenarios[0].name, set.scenario.name)
	require.Equal(t, 5, set.rounds)
	require.Equal(t, 2*time.Second, set.duration)
}

// Contenders are taken in the order they are named.
func TestSettingsChoose(t *testing.T) {
	set, err := parseSettings([]string{"-contenders", "nginx, direct", "-scenario", "body64k"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"nginx", "direct"}, names(set.contenders))
	require.Equal(t, "/bytes/65536", set.scenario.path)
}

// Settings that cannot be measured are refused with the name of the flag.
func TestSettingsRefuse(t *testing.T) {
	for _, row := range []struct{ flag, value string }{
		{"-rounds", "0"},
		{"-duration", "500ms"},
		{"-duration", "1500ms"},
		{"-connections", "0"},
		{"-rate", "0"},
		{"-scenario", "huge"},
		{"-scenario", "small,body64k"},
		{"-contenders", "apache"},
		{"-contenders", "nginx,nginx"},
		{"-contenders", ""},
	} {
		t.Run(row.flag+"="+row.value, func(t *testing.T) {
			_, err := parseSettings([]string{row.flag, row.value}, io.Discard)
			require.ErrorContains(t, err, row.flag)
		})
	}
	_, err := parseSettings([]string{"nginx"}, io.Discard)
	require.ErrorContains(t, err, "unexpected argument")
}
