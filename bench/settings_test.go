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
	require.Equal(t, []string{"small"}, names(set.scenarios))
	require.Equal(t, 5, set.rounds)
	require.Equal(t, 2*time.Second, set.duration)
	require.Equal(t, "bench/results", set.results)
	require.False(t, set.comparing())
	require.Greater(t, set.bound, set.time())
}

// A comparison has more and shorter rounds, new processes in each, and leaves no
// files.
func TestSettingsCompare(t *testing.T) {
	set, err := parseSettings([]string{"compare", "-base", "v1"}, io.Discard)
	require.NoError(t, err)
	require.True(t, set.comparing())
	require.Equal(t, "v1", set.base)
	require.GreaterOrEqual(t, set.rounds, 10)
	require.Equal(t, 1, set.restart)
	require.Empty(t, set.results)
}

// Contenders and scenarios are taken in the order they are named.
func TestSettingsChoose(t *testing.T) {
	set, err := parseSettings([]string{"-contenders", "nginx, floor", "-scenario", "large,small"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"nginx", "floor"}, names(set.contenders))
	require.Equal(t, []string{"large", "small"}, names(set.scenarios))

	set, err = parseSettings([]string{"-scenario", "all"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, names(scenarios), names(set.scenarios))
}

// Other connections than the scenario's own leave the scenario as it is for the
// next one who asks.
func TestScenarioWith(t *testing.T) {
	require.Equal(t, small, small.with(settings{}))
	require.Equal(t, 7, small.with(settings{connections: 7}).variants[0].connections)
	require.Equal(t, 64, small.variants[0].connections)
}

// Settings that cannot be measured are refused with the name of the flag.
func TestSettingsRefuse(t *testing.T) {
	for _, row := range []struct{ flag, value string }{
		{"-rounds", "0"},
		{"-duration", "500ms"},
		{"-duration", "1500ms"},
		{"-connections", "-1"},
		{"-rate", "-1"},
		{"-silence", "2m"},
		{"-bound", "-1s"},
		{"-scenario", "huge"},
		{"-scenario", "small,small"},
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
	_, err = parseSettings([]string{"compare", "-base", ""}, io.Discard)
	require.ErrorContains(t, err, "-base")
	_, err = parseSettings([]string{"compare", "-contenders", "nginx"}, io.Discard)
	require.ErrorContains(t, err, "-contenders")
}
