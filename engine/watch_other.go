//go:build !linux

package engine

// pollLeft is empty where the system does not tell the end of a peer's side from
// bytes to read: only a connection that is closed on both sides is noticed.
const pollLeft = 0
