// Package accesslog writes one line for each exchange, to a file, a pipe or
// standard output.
//
// A request never waits for it. Append renders the line into a buffer of fixed
// size and returns; one goroutine writes the buffers out. When what it writes to
// does not follow, because the disk is full or nobody reads the pipe, the buffers
// fill up and further lines are dropped and counted.
//
// What clients sent is escaped: no byte of theirs can end a line or a quoted
// value, and none reaches the terminal of who reads the log as anything but a
// visible character.
package accesslog
