package pool

// Codes is a set of status codes, 100 to 599. The zero value is empty.
type Codes [8]uint64

// Add adds the codes from low to high.
func (c *Codes) Add(low, high int) {
	for code := max(low, 100); code <= min(high, 599); code++ {
		c[(code-100)/64] |= 1 << ((code - 100) % 64)
	}
}

// Contains reports whether a code is in the set.
func (c *Codes) Contains(code int) bool {
	return 100 <= code && code <= 599 && c[(code-100)/64]&(1<<((code-100)%64)) != 0
}
