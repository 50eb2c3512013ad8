package http1

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// isValue says of every byte at every place what the table says.
func TestIsValue(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for c := range 256 {
				b := make([]byte, n)
				for i := range b {
					b[i] = "a\t ~\x80\xff"[i%6]
				}
				b[at] = byte(c)
				require.Equal(t, valueChars[c], isValue(b), "%q", b)
			}
		}
	}
}
