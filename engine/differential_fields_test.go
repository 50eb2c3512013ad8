package engine

import (
	"slices"
	"strings"
)

// lineFields splits a head into its fields without judging them.
func lineFields(head string) (fields [][2]string) {
	for _, line := range strings.Split(head, "\r\n")[1:] {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields = append(fields, [2]string{name, strings.Trim(value, " \t")})
		}
	}
	return fields
}

// hopByHop are the names of fields that never pass, in the test's own words.
var hopByHop = strings.Fields("connection http2-settings keep-alive proxy-authenticate proxy-authorization " +
	"proxy-connection te transfer-encoding upgrade")

// dropped tells which fields of a message do not pass beside hopByHop: those that
// its Connection fields name, but for the ones that must stay.
func dropped(fields [][2]string, stay ...string) map[string]bool {
	drop := make(map[string]bool)
	for _, f := range fields {
		if strings.EqualFold(f[0], "connection") {
			for _, name := range strings.Split(f[1], ",") {
				drop[strings.ToLower(strings.Trim(name, " \t"))] = true
			}
		}
	}
	for _, name := range stay {
		delete(drop, name)
	}
	for _, name := range hopByHop {
		drop[name] = true
	}
	return drop
}

// ownFields are the fields of a request that the proxy writes itself.
var ownFields = strings.Fields("host content-length expect forwarded x-real-ip x-forwarded-for x-forwarded-host x-forwarded-proto")

// twinNames are those of them, and of the others the proxy knows, whose names can
// be written with an underscore.
var twinNames = strings.Fields("content-length http2-settings keep-alive max-forwards proxy-authenticate " +
	"proxy-authorization proxy-connection transfer-encoding x-real-ip x-forwarded-for x-forwarded-host x-forwarded-proto")

// requestFields returns the fields of a request that have to reach the backend.
func (c *counted) requestFields() [][2]string {
	head, _, _ := strings.Cut(string(c.came), "\r\n\r\n")
	fields := lineFields(head)
	drop := dropped(fields)
	for _, name := range ownFields {
		drop[name] = true
	}
	chunked := slices.ContainsFunc(fields, func(f [2]string) bool { return strings.EqualFold(f[0], "transfer-encoding") })
	return slices.DeleteFunc(fields, func(f [2]string) bool {
		name := strings.ToLower(f[0])
		hyphens := strings.ReplaceAll(name, "_", "-")
		return drop[name] || name == "trailer" && !chunked || name == "max-forwards" && c.forwardsDown ||
			name != hyphens && slices.Contains(twinNames, hyphens)
	})
}
