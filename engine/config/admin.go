package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
)

// IsLoopback reports whether host:port can be reached from its own machine only.
func IsLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// Secret is text that no log and no answer shows. Who needs it converts it to a
// string.
type Secret string

// String returns stars unless there is none, so that printing a Config tells nothing.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const hidden = "***"

// tokens finds values of keys that are named like a secret, also misspelt ones.
var tokens = regexp.MustCompile(`(?i)(tok\w*["']?[ \t]*[:=][ \t]*)[^\r\n]+`)

// hide takes secrets out of what a problem shows of the configuration.
func hide(text string) string { return tokens.ReplaceAllString(text, "${1}"+hidden) }

const minToken, maxToken = 16, 512

// secret reads a token. What is wrong with it is said without showing it.
func secret(text string) (Secret, error) {
	if text == "" {
		return "", nil
	}
	if len(text) < minToken || len(text) > maxToken {
		return "", fmt.Errorf("must have %d to %d characters, and has %d (openssl rand -hex 32 makes one)", minToken, maxToken, len(text))
	}
	if strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", errors.New("may have visible ASCII characters only (openssl rand -hex 32 makes one)")
	}
	return Secret(text), nil
}

// checkAdmin reports an admin listener that other machines can reach and that
// asks nobody for anything.
func (r *reader) checkAdmin(d *draft) {
	addr := d.AdminAddr
	if addr == "" || strings.HasPrefix(addr, "unix:") || IsLoopback(addr) || d.AdminToken != "" {
		return
	}
	if n, given := r.seen["admin_token"]; given && n.text != "" {
		return // reported already
	}
	r.fail(r.seen["admin_addr"], "%s can be reached from other machines: set admin_token too, or listen on 127.0.0.1 or unix:/path", addr)
}
