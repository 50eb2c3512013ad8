package http1

import "bytes"

// parseTarget splits the target (RFC 9112 section 3.2). That of CONNECT is an
// authority with a port, without a path.
func (q *Request) parseTarget() error {
	rest := q.Target
	switch {
	case string(q.Method) == "CONNECT":
		if i := bytes.LastIndexByte(rest, ':'); i < 1 || i == len(rest)-1 || !all(rest[i+1:], &digits) || !validHost(rest) {
			return ErrTarget
		}
		q.Host = rest
		return nil
	case rest[0] == '/':
	case len(rest) == 1 && rest[0] == '*':
		if string(q.Method) != "OPTIONS" {
			return ErrTarget
		}
	default:
		var err error
		if rest, err = q.parseAuthority(rest); err != nil {
			return err
		}
	}
	q.Path = rest
	if i := bytes.IndexByte(rest, '?'); i >= 0 {
		q.Path, q.Query = rest[:i], rest[i:]
	}
	return nil
}

// parseAuthority reads the scheme and the authority of an absolute target, whose
// authority replaces the Host field (RFC 9112 section 3.2.2), and returns what
// follows them. An OPTIONS of an authority alone is one of the whole server
// (section 3.2.4).
func (q *Request) parseAuthority(target []byte) (rest []byte, err error) {
	i := bytes.Index(target, []byte("://"))
	if i < 0 || !EqualFold(target[:i], "http") && !EqualFold(target[:i], "https") {
		return nil, ErrTarget
	}
	authority := target[i+len("://"):]
	rest = rootPath
	if string(q.Method) == "OPTIONS" {
		rest = wholeServer
	}
	if j := bytes.IndexAny(authority, "/?"); j >= 0 {
		authority, rest = authority[:j], authority[j:]
	}
	if len(authority) == 0 || !validHost(authority) {
		return nil, ErrTarget
	}
	q.Host = authority
	return rest, nil
}

var rootPath, wholeServer = []byte("/"), []byte("*")

// validHost reports whether host is a uri-host with an optional port, without
// user information (RFC 9110 section 7.2). It may be empty, but a port alone is
// nobody's.
func validHost(host []byte) bool {
	name, port := host, []byte(nil)
	if len(host) > 0 && host[0] == '[' {
		i := bytes.IndexByte(host, ']')
		if i < 2 || !all(host[1:i], &addressChars) {
			return false
		}
		name, port = nil, host[i+1:]
		if len(port) > 0 && port[0] != ':' {
			return false
		}
	} else if i := bytes.IndexByte(host, ':'); i == 0 {
		return false
	} else if i > 0 {
		name, port = host[:i], host[i:]
	}
	if len(port) > 0 {
		port = port[1:]
	}
	return all(name, &nameChars) && len(port) <= 5 && all(port, &digits)
}
