package pool

import "fmt"

// health is what the probes of one backend have found out. The zero value is up
// and was never probed.
type health struct {
	state  State // Up, Down or Unprobed
	probed bool
	row    int // results in a row that speak against state
}

// add takes the result of one probe. It returns why the state changed, if it did.
// The very first result decides alone: a backend must not get requests because
// nobody has asked it often enough.
func (h *health) add(err error, rise, fall int) (why string) {
	if !h.probed {
		h.probed, rise, fall = true, 1, 1
	}
	if err == nil && h.state == Up || err != nil && h.state == Down {
		h.row = 0
		return ""
	}
	h.row++
	switch {
	case err != nil && h.row >= fall:
		h.state, why = Down, fmt.Sprintf("%d failed probes in a row, the last: %v", h.row, err)
	case err == nil && h.row >= rise:
		h.state, why = Up, fmt.Sprintf("%d successful probes in a row", h.row)
	default:
		return ""
	}
	h.row = 0
	return why
}
