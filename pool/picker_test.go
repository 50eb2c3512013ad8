package pool

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every strategy serves a single backend and several, and gives each of several
// equal idle ones its turn.
func TestStrategies(t *testing.T) {
	names := Strategies()
	require.True(t, slices.IsSorted(names))
	require.Contains(t, names, "least_conn")
	require.Contains(t, names, "round_robin")
	for _, name := range names {
		require.Equal(t, []int{9}, picks(weighted(name, 1), 9), name)
		require.Equal(t, []int{9}, picks(weighted(name, 7), 9), name)
		require.Equal(t, []int{3, 3, 3}, picks(weighted(name, 1, 1, 1), 9), name)
	}
}
