package main

import (
	"io"
	"os"
	"testing"
)

// role is the variable that makes this test binary the program itself, or a
// backend for it: so the tests run real processes, built as they were built.
const role = "GOPROXYREVERSO_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "proxy":
		go endWithTest()
		main()
		os.Exit(0)
	case "backend":
		go endWithTest()
		serveBackend(os.Getenv(backendAddr))
	}
	os.Exit(m.Run())
}

// endWithTest ends the process when the test that started it is gone: that holds
// the other end of its input.
func endWithTest() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(3)
}
