package pool

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The status codes of a probe are a set that can be compared.
func TestCodes(t *testing.T) {
	var a, b Codes
	a.Add(200, 299)
	a.Add(404, 404)
	for code := -1; code <= 1000; code++ {
		require.Equal(t, code >= 200 && code <= 299 || code == 404, a.Contains(code), "%d", code)
	}
	b.Add(404, 404)
	b.Add(200, 250)
	require.NotEqual(t, a, b)
	b.Add(250, 299)
	require.Equal(t, a, b)
	b.Add(0, 9999)
	require.True(t, b.Contains(100) && b.Contains(599))
}
