//go:build !linux

package engine

// canPark reports whether connections can be parked on this system.
const canPark = false

// parking needs Linux: elsewhere nothing is parked.
type parking struct{}

func (*parking) open(*Engine) error      { return nil }
func (*parking) add(*conn, *parked) bool { return false }
func (*parking) len() int                { return 0 }
func (*parking) run()                    {}
func (*parking) close()                  {}
