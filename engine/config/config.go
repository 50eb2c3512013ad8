// Package config is the shape of proxy.yaml: its keys, their defaults and what
// makes a value wrong.
//
// Load and Parse read a file strictly: a key they do not know, a key given
// twice and a value out of range are each an error that carries file, line and
// column. Every mistake of a file is reported at once. What they return is
// complete: defaults are filled in, and nothing is left for a request to ask.
package config

import (
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
)

// Config is a whole, valid configuration. It is plain data and is not changed
// after Parse returned it.
type Config struct {
	Listeners   []Listener  // in the order of the file, at least one; listen_addr is short for one
	AdminAddr   string      // host:port or unix:path of the admin listener; "" when it is off
	AdminMode   fs.FileMode // of its Unix socket
	AdminToken  Secret      // what requests to it must carry; "" when nothing is asked for
	MetricsPath string      // also served on all Listeners; "" when it is not
	Via         string      // what the proxy is called in the Via fields it adds; "": it adds none
	RequestID   string      // name of the field with the id of a request; "": none

	RateLimit RateLimit
	Timeouts  Timeouts
	Limits    Limits
	Retries   Retries
	AccessLog AccessLog

	Pools  []Pool  // in the order of the file; the top-level backends come first, named DefaultPool
	Routes []Route // in the order of the file
}

// Listener is where clients connect to.
type Listener struct {
	Addr       string      // host:port or unix:path
	SocketMode fs.FileMode // of a Unix socket
	ReusePort  bool        // other processes may listen on Addr too, and the kernel shares the connections out

	TrustedProxies []netip.Prefix // peers whose X-Forwarded-For, and PROXY header, is believed
	ProxyProtocol  bool           // connections of trusted proxies begin with a PROXY header
	RedirectHTTPS  int            // requests are sent to the same host on that port by https; 0: they are served
	TLS            ListenerTLS
}

// ListenerTLS says how a listener speaks TLS. Its files are read when the
// configuration is put to use.
type ListenerTLS struct {
	Certificates []CertificateFiles // none: it does not

	MinVersion   string        // "1.2" or "1.3"
	Ciphers      []string      // of TLS 1.2, by their standard names; none: Go's choice
	ClientCAFile string        // certificates that those of clients are verified against
	ClientAuth   string        // "none", "optional" or "require"
	HSTS         time.Duration // max-age of Strict-Transport-Security; 0: none is sent
}

// On reports whether TLS is spoken at all.
func (t *ListenerTLS) On() bool { return len(t.Certificates) > 0 }

// CertificateFiles are the names of the PEM files of one certificate.
type CertificateFiles struct {
	CertFile string // its own certificate first, then those that lead to its root
	KeyFile  string
}

// DefaultPool is the name of the pool that the top-level backends form. It
// takes every request that no route matches.
const DefaultPool = "default"

// RateLimit is the allowance of one client address.
type RateLimit struct {
	RPS        float64 // requests per second; 0 turns the limiter off
	Burst      int     // requests that may come at once
	MaxClients int     // clients remembered at a time; fixes the limiter's memory
	IPv6Prefix int     // bits of an IPv6 address that name one client
}

// Timeouts are the longest times of each wait.
type Timeouts struct {
	ClientHeader   time.Duration // a request head must be complete by then
	ClientBody     time.Duration // longest silence inside a request body
	ClientIdle     time.Duration // between two requests of a connection
	ClientWrite    time.Duration // longest time a client may take no bytes
	Connect        time.Duration // to open a connection to a backend
	ResponseHeader time.Duration // from the last byte sent to the end of the response head
	ResponseBody   time.Duration // longest silence inside a response body
	BackendIdle    time.Duration // an unused backend connection is closed after
	TLSHandshake   time.Duration // with a client or a backend, once connected
	Tunnel         time.Duration // longest silence on an upgraded connection
	ShutdownDelay  time.Duration // between the order to stop and the end of accepting
	Shutdown       time.Duration // exchanges in progress may go on for
}

// Limits bound what clients can make the proxy hold.
type Limits struct {
	MaxConnections int   // client connections at a time; 0: as many as the file limit allows
	MaxTargetBytes int   // bytes of a request target
	MaxFields      int   // field lines of a request or response head, and of the trailers
	MaxHeaderBytes int   // bytes of a request or response head, and of the trailers
	MaxBodyBytes   int64 // bytes of a request body; 0: no limit
}

// Retries say how often an exchange may turn to another backend.
type Retries struct {
	Attempts int     // sends for one request, the first included
	Budget   float64 // retries as a share of recent requests, 0 to 1
}

// AccessLog is where a line for each exchange goes.
type AccessLog struct {
	Path   string // of a file; "-" is standard output, "" is off
	Format string // json, combined or a template

	Sample float64          // the share that is logged, 0 to 1, of what Only does not choose
	Only   accesslog.Choice // logged in any case
}

// Pool is a named group of backends that share a strategy and a health check.
type Pool struct {
	Name        string
	Strategy    string
	Backends    []Backend
	HealthCheck HealthCheck
	TLS         BackendTLS // for the backends that have an https URL
}

// Backend is one server requests are sent to.
type Backend struct {
	Addr     string // host:port or unix:path to dial; also its name in logs and metrics
	TLS      bool   // its URL is https
	Weight   int    // its share relative to the others of the pool
	MaxConns int    // connections at a time
	Backup   bool   // only picked when no other backend of the pool is eligible
}

// BackendTLS says how backends with an https URL are spoken to. Its files are read
// when the configuration is put to use.
type BackendTLS struct {
	CAFile             string // certificates to verify against; "": those of the system
	CertFile           string // the proxy's own certificate; "": none
	KeyFile            string // its key
	ServerName         string // name to verify and to send (SNI); "": the host of the URL
	InsecureSkipVerify bool   // verify nothing
}

// HealthCheck says how the backends of a pool are probed.
type HealthCheck struct {
	Path     string        // target of the GET request
	Interval time.Duration // between two probes of a backend; 0: no probes, backends count as up
	Timeout  time.Duration // of one probe, from dial to the end of the response head
	Rise     int           // successes in a row before a backend that is down is up
	Fall     int           // failures in a row before a backend that is up is down
	Status   []StatusRange // what counts as a success
}

// StatusRange is a range of status codes, both ends included.
type StatusRange struct{ From, To int }

// String returns the range as the file spells it.
func (r StatusRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// Contains reports whether code lies in the range.
func (r StatusRange) Contains(code int) bool { return r.From <= code && code <= r.To }

// Route sends the requests of a host and below a path to a pool. The longest
// path wins, an exact host before a suffix, a suffix before any host.
type Route struct {
	Host string // lower case; "*.suffix" for all names below it; "" for any
	Path string // prefix of whole path segments; "/" for any
	Pool string

	Connect bool // CONNECT requests are forwarded too
}
