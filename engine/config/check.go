package config

import (
	"net"
	"strings"
)

// checkInterval reports the two names of one setting with different values. It
// looks at the file alone: what replaces a value replaces it under both names.
func (r *reader) checkInterval() {
	short, ok1 := r.seen["health_check_interval"]
	long, ok2 := r.seen["health_check.interval"]
	if !ok1 || !ok2 {
		return
	}
	a, err1 := interval(short.text)
	b, err2 := interval(long.text)
	if err1 == nil && err2 == nil && a != b {
		r.fail(short, "is %s, but health_check.interval, which is the same setting, is %s", short.text, long.text)
	}
}

// checkAddresses reports listeners that cannot be open at the same time.
func (r *reader) checkAddresses(d *draft) {
	r.checkAdmin(d)
	for i, l := range d.Listeners {
		path := d.addrPaths[i]
		for j, other := range d.Listeners[:i] {
			if collide(other.Addr, l.Addr) {
				r.fail(r.seen[path], "collides with %s (%s)", d.addrPaths[j], other.Addr)
			}
		}
		if d.AdminAddr == "" || !collide(l.Addr, d.AdminAddr) {
			continue
		}
		n, given := r.seen["admin_addr"]
		if !given {
			n = r.seen[path]
		}
		r.fail(n, "%s (%s) and admin_addr (%s) are the same address", path, l.Addr, d.AdminAddr)
	}
}

// collide reports whether the second of two listeners would find its address in
// use. An address without a host takes the port of all.
func collide(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if strings.HasPrefix(a, "unix:") || strings.HasPrefix(b, "unix:") || errA != nil || errB != nil {
		return a == b
	}
	if portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || takesAll(hostA) || takesAll(hostB)
}

func takesAll(host string) bool {
	return host == "" || host == "0.0.0.0" || host == "::"
}

// checkKeyPair reports a certificate without its key and a key without its
// certificate. section is where a pool has its settings, "" for those that pools
// inherit; what it inherits is not reported again.
func (r *reader) checkKeyPair(section string, t BackendTLS) {
	if (t.CertFile == "") == (t.KeyFile == "") {
		return
	}
	cert, certGiven := r.seen[section+"backend_tls.cert_file"]
	key, keyGiven := r.seen[section+"backend_tls.key_file"]
	switch {
	case certGiven && cert.shape != scalar, keyGiven && key.shape != scalar:
		return // reported already
	case !certGiven && !keyGiven:
		return
	case !certGiven:
		cert = key
	}
	r.fail(cert, "a certificate needs its key and a key its certificate (give both cert_file and key_file)")
}
