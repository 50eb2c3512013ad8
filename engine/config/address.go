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

// backendAddr reads a backend's URL and returns the host:port to dial.
func backendAddr(text string) (string, error) {
	scheme, rest, found := strings.Cut(text, "://")
	switch {
	case strings.HasPrefix(text, "unix:"):
		return "", errors.New("unix sockets are not supported by this version (want http://host:port)")
	case !found:
		return "", fmt.Errorf("%s is not a URL (want http://host:port)", quote(text))
	case strings.EqualFold(scheme, "https"):
		return "", errors.New("https backends are not supported by this version (want http://host:port)")
	case !strings.EqualFold(scheme, "http"):
		return "", fmt.Errorf("unknown scheme %s (want http://host:port)", quote(scheme))
	case strings.ContainsAny(rest, "?#"):
		return "", errors.New("a backend's URL has no query and no fragment (want http://host:port)")
	case strings.Contains(rest, "@"):
		return "", errors.New("a backend's URL has no user and no password (want http://host:port)")
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL (want http://host:port)", quote(text))
	}
	if u.Path != "" && u.Path != "/" {
		return "", fmt.Errorf("a backend's URL has no path, and this one has %s (want http://host:port)", quote(u.Path))
	}
	return hostPort(u)
}

func hostPort(u *url.URL) (string, error) {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case host == "":
		return "", errors.New("the URL has no host (want http://host:port)")
	case !isHost(host):
		return "", fmt.Errorf("%s is not a host name or IP address", quote(host))
	case port == "" && strings.HasSuffix(u.Host, ":"):
		return "", errors.New("the URL has a colon and no port after it")
	case port == "":
		port = "80"
	}
	if err := checkPort(port, 1); err != nil {
		return "", err
	}
	number, _ := strconv.Atoi(port)
	return net.JoinHostPort(host, strconv.Itoa(number)), nil
}

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
func readTrusted(r *reader, d *draft, n node) {
	items, ok := r.list(n)
	if !ok {
		return
	}
	d.TrustedProxies = nil
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
		d.TrustedProxies = append(d.TrustedProxies, prefix)
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
