package config

import "net"

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

// checkAddresses reports two listeners that cannot be open at the same time.
func (r *reader) checkAddresses(d *draft) {
	if d.AdminAddr == "" || !collide(d.ListenAddr, d.AdminAddr) {
		return
	}
	n, given := r.seen["admin_addr"]
	if !given {
		n = r.seen["listen_addr"]
	}
	r.fail(n, "listen_addr (%s) and admin_addr (%s) are the same address", d.ListenAddr, d.AdminAddr)
}

// collide reports whether the second of two listeners would find its address in
// use. An address without a host takes the port of all.
func collide(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || takesAll(hostA) || takesAll(hostB)
}

func takesAll(host string) bool {
	return host == "" || host == "0.0.0.0" || host == "::"
}
