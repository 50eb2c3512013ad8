package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// listenAddr reads host:port. An empty host is every address, port 0 any port.
func listenAddr(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf(`%s is not an address (want host:port, such as ":8080" or "127.0.0.1:8080")`, quote(text))
	}
	if host != "" && !isHost(host) {
		return "", fmt.Errorf("%s is not a host name or IP address", quote(host))
	}
	if err := checkPort(port, 0); err != nil {
		return "", err
	}
	return text, nil
}

// socketAddr reads host:port or the path of a Unix socket.
func socketAddr(text string) (string, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		addr, _, err := unixAddr(path)
		return addr, err
	}
	return listenAddr(text)
}

const wantURL = "want http://host:port, https://host:port or unix:/path"

// readURL reads where a backend is.
func readURL(r *reader, b *Backend, n node) {
	text, ok := r.scalar(n)
	if !ok {
		return
	}
	var err error
	if b.Addr, b.TLS, err = backendAddr(text); err != nil {
		r.fail(n, "%v", err)
	}
}

// backendAddr reads a backend's URL and returns the address to dial, and whether
// TLS is spoken there.
func backendAddr(text string) (addr string, secure bool, err error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		return unixAddr(path)
	}
	scheme, rest, found := strings.Cut(text, "://")
	secure = strings.EqualFold(scheme, "https")
	switch {
	case !found:
		return "", false, fmt.Errorf("%s is not a URL (%s)", quote(text), wantURL)
	case !secure && !strings.EqualFold(scheme, "http"):
		return "", false, fmt.Errorf("unknown scheme %s (%s)", quote(scheme), wantURL)
	case strings.ContainsAny(rest, "?#"):
		return "", false, fmt.Errorf("a backend's URL has no query and no fragment (%s)", wantURL)
	case strings.Contains(rest, "@"):
		return "", false, fmt.Errorf("a backend's URL has no user and no password (%s)", wantURL)
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", false, fmt.Errorf("%s is not a URL (%s)", quote(text), wantURL)
	}
	if u.Path != "" && u.Path != "/" {
		return "", false, fmt.Errorf("a backend's URL has no path, and this one has %s (%s)", quote(u.Path), wantURL)
	}
	addr, err = hostPort(u)
	return addr, secure, err
}

// maxSocketPath is what fits the address of a Unix socket on every system.
const maxSocketPath = 103

func unixAddr(path string) (addr string, secure bool, err error) {
	path = strings.TrimPrefix(path, "//")
	if !strings.HasPrefix(path, "/") || len(path) > maxSocketPath {
		return "", false, fmt.Errorf("%s is not the path of a socket (want unix:/path of at most %d bytes)", quote(path), maxSocketPath)
	}
	if strings.ContainsFunc(path, func(c rune) bool { return !isWord(c) && !strings.ContainsRune("./@", c) }) {
		return "", false, fmt.Errorf("the path of a socket may have letters, digits and -_./@, and not what %s has", quote(path))
	}
	return "unix:" + path, false, nil
}

func hostPort(u *url.URL) (string, error) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case host == "":
		return "", fmt.Errorf("the URL has no host (%s)", wantURL)
	case !isHost(host):
		return "", fmt.Errorf("%s is not a host name or IP address", quote(host))
	case port == "" && strings.HasSuffix(u.Host, ":"):
		return "", errors.New("the URL has a colon and no port after it")
	case port == "" && strings.EqualFold(u.Scheme, "https"):
		port = "443"
	case port == "":
		port = "80"
	}
	if err := checkPort(port, 1); err != nil {
		return "", err
	}
	number, _ := strconv.Atoi(port)
	return net.JoinHostPort(host, strconv.Itoa(number)), nil
}

// serverName reads the name in a certificate.
func serverName(text string) (string, error) {
	if !isHost(text) {
		return "", fmt.Errorf("%s is not a host name or IP address", quote(text))
	}
	return text, nil
}

// asIs takes any text.
func asIs(text string) (string, error) { return text, nil }

func checkPort(text string, lowest uint64) error {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port < lowest {
		return fmt.Errorf("%s is not a port (want %d to 65535)", quote(text), lowest)
	}
	return nil
}

// isHost reports whether text is an IP address without zone, or a name in
// letters, digits, "-", "_" and dots. What looks like an IPv4 address must be one.
func isHost(text string) bool {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Zone() == ""
	}
	if len(text) > 253 || strings.Trim(text, "0123456789.") == "" {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, func(c rune) bool { return !isWord(c) }) {
			return false
		}
	}
	return true
}

// readTrusted reads networks, and addresses as networks of one.
func readTrusted(r *reader, l *listenerDraft, n node) {
	items, ok := r.list(n)
	if !ok {
		return
	}
	l.TrustedProxies = nil
	for _, item := range items {
		text, ok := r.scalar(item)
		if !ok {
			continue
		}
		prefix, err := trusted(text)
		if err != nil {
			r.fail(item, "%v", err)
			continue
		}
		l.TrustedProxies = append(l.TrustedProxies, prefix)
	}
}

func trusted(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return prefix, fmt.Errorf("%s is not a network or IP address (want 10.0.0.0/8, 192.0.2.1 or fd00::/8)", quote(text))
	case prefix.Addr().Is4In6():
		return prefix, fmt.Errorf("%s is an IPv4 network in the form of IPv6 (write it as IPv4)", text)
	case prefix != prefix.Masked():
		return prefix, fmt.Errorf("%s has bits set after its /%d (did you mean %s?)", text, prefix.Bits(), prefix.Masked())
	}
	return prefix, nil
}
