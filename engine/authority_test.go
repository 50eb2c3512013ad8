package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// authority issues certificates for a test.
type authority struct {
	*certstest.Authority
	t   testing.TB
	pem string // path of its certificate
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{Authority: certstest.NewAuthority(t), t: t, pem: filepath.Join(t.TempDir(), "ca.pem")}
	require.NoError(t, os.WriteFile(a.pem, a.PEM(), 0o600))
	return a
}

// issue writes a certificate for 127.0.0.1 or for a name, and its key, to files.
func (a *authority) issue(name string) (certFile, keyFile string) {
	a.t.Helper()
	return a.IssueFor(name).Write(a.t, a.t.TempDir())
}
