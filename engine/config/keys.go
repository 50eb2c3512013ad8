package config

import (
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
)

// Key describes one setting of the file, for those who document it.
type Key struct {
	Path    string // such as timeouts.connect; backends[].url is a key of each backend
	Type    string
	Default string // as the file would spell it; "" when there is none
	Meaning string
}

// Keys lists every setting in the order of the documentation.
func Keys() []Key {
	var keys []Key
	for _, k := range fileKeys {
		keys = append(keys, k.describe(""))
		switch k.name {
		case "backends":
			keys = describeAll(keys, backendKeys, "backends[].")
		case "routes":
			keys = describeAll(keys, routeKeys, "routes[].")
		case "listeners":
			keys = describeAll(keys, listenerKeys, "listeners[].")
		case "tls.certificates":
			keys = describeAll(keys, certificateKeys, "tls.certificates[].")
		}
	}
	return keys
}

// fileKeys are the keys of the file, in the order of the documentation.
var fileKeys = slices.Concat(listenKeys, lift(listenerKeys[1:], theListener), adminKeys, lift(poolKeys, basePool), clientKeys)

var listenKeys = []key[draft]{
	one("listen_addr", "address", `":8080"`, socketAddr, func(d *draft) *string { return &d.listener.Addr }, "host:port or unix:/path the proxy serves on"),
	section("listeners", "list", func(_ *reader, d *draft, n node) { d.listeners = n }, "instead of listen_addr: several of them, each a mapping of the keys below"),
}

// listenerKeys are the keys of a listener. All but its address stand at the top
// level for the one of listen_addr.
var listenerKeys = []key[listenerDraft]{
	one("addr", "address", "", socketAddr, func(l *listenerDraft) *string { return &l.Addr }, "host:port or unix:/path"),
	many("trusted_proxies", "list", "[]", readTrusted, func(l *listenerDraft) *[]netip.Prefix { return &l.TrustedProxies }, "networks and addresses whose X-Forwarded-For is believed; at the top level for all listeners that do not say"),
	one("proxy_protocol", "bool", "false", yesNo, func(l *listenerDraft) *bool { return &l.ProxyProtocol }, "connections of trusted_proxies begin with a PROXY protocol header, version 1 or 2"),
	one("socket_mode", "mode", `"0660"`, socketMode, func(l *listenerDraft) *fs.FileMode { return &l.SocketMode }, "mode bits of a Unix socket"),
	one("reuse_port", "bool", "false", yesNo, func(l *listenerDraft) *bool { return &l.ReusePort }, "other processes may listen on the same address, and the kernel shares the connections out"),
	one("redirect_https", "port", "0", whole(0, 65535), func(l *listenerDraft) *int { return &l.RedirectHTTPS }, "answer 308 to https on that port, usually 443; 0: serve"),
	one("tls.cert_file", "path", `""`, asIs, func(l *listenerDraft) *string { return &l.files.CertFile }, "PEM certificate with its chain: speak TLS; needs key_file"),
	one("tls.key_file", "path", `""`, asIs, func(l *listenerDraft) *string { return &l.files.KeyFile }, "its key"),
	many("tls.certificates", "list", "[]", readCertificates, func(l *listenerDraft) *[]CertificateFiles { return &l.TLS.Certificates }, "more certificates, chosen by the name a client asks for; the first of all is for the others"),
	one("tls.min_version", "version", `"1.2"`, tlsVersion, func(l *listenerDraft) *string { return &l.TLS.MinVersion }, "1.2 or 1.3"),
	many("tls.ciphers", "list", "[]", readCiphers, func(l *listenerDraft) *[]string { return &l.TLS.Ciphers }, "cipher suites of TLS 1.2 by their standard names; none: those of Go"),
	one("tls.client_ca_file", "path", `""`, asIs, func(l *listenerDraft) *string { return &l.TLS.ClientCAFile }, "PEM certificates that those of clients are verified against"),
	one("tls.client_auth", "word", "none", clientAuth, func(l *listenerDraft) *string { return &l.TLS.ClientAuth }, "whether clients must show a certificate: none, optional, require"),
	one("tls.hsts", "duration", "0s", hsts, func(l *listenerDraft) *time.Duration { return &l.TLS.HSTS }, "max-age of Strict-Transport-Security; 0s: not sent"),
}

var certificateKeys = []key[CertificateFiles]{
	one("cert_file", "path", "", asIs, func(c *CertificateFiles) *string { return &c.CertFile }, "PEM certificate with its chain"),
	one("key_file", "path", "", asIs, func(c *CertificateFiles) *string { return &c.KeyFile }, "its key"),
}

var adminKeys = []key[draft]{
	one("admin_addr", "address", `"127.0.0.1:9901"`, orEmpty(socketAddr), func(d *draft) *string { return &d.AdminAddr }, `host:port or unix:/path of the admin listener: /metrics, /healthz, /readyz, /status; "" turns it off`),
	one("admin_mode", "mode", `"0600"`, socketMode, func(d *draft) *fs.FileMode { return &d.AdminMode }, "mode bits of its Unix socket"),
	one("admin_token", "secret", `""`, secret, func(d *draft) *Secret { return &d.AdminToken }, "what requests to admin_addr must carry, /healthz and /readyz apart; needed where other machines can reach it"),
	one("metrics_path", "path", "/metrics", orEmpty(cleanPath), func(d *draft) *string { return &d.MetricsPath }, `where listen_addr serves the metrics as well; "" turns that off`),
	one("health_check_interval", "duration", "5s", interval, func(d *draft) *time.Duration { return &d.base.HealthCheck.Interval }, "the same as health_check.interval"),
}

// poolKeys are the keys of a pool, and stand at the top level for the default
// pool.
var poolKeys = []key[Pool]{
	many("strategy", "name", "least_conn", readStrategy, func(p *Pool) *string { return &p.Strategy }, "how a backend is chosen"),
	section("backends", "list", readBackends, "where requests go: URLs, or mappings of the keys below"),
	one("health_check.path", "path", "/", requestPath, func(p *Pool) *string { return &p.HealthCheck.Path }, "what a probe asks for"),
	one("health_check.interval", "duration", "5s", interval, func(p *Pool) *time.Duration { return &p.HealthCheck.Interval }, "between two probes of a backend; 0: no probes, backends count as up"),
	one("health_check.timeout", "duration", "2s", wait, func(p *Pool) *time.Duration { return &p.HealthCheck.Timeout }, "of one probe, from dial to the end of the response head"),
	one("health_check.rise", "int", "2", whole(1, 1000), func(p *Pool) *int { return &p.HealthCheck.Rise }, "successes in a row before a backend that is down is up"),
	one("health_check.fall", "int", "3", whole(1, 1000), func(p *Pool) *int { return &p.HealthCheck.Fall }, "failures in a row before a backend that is up is down"),
	many("health_check.status", "status codes", "200-499", readStatus, func(p *Pool) *[]StatusRange { return &p.HealthCheck.Status }, `what counts as a success: 200, "200-299,404" or a list`),
	one("backend_tls.ca_file", "path", `""`, asIs, func(p *Pool) *string { return &p.TLS.CAFile }, `PEM certificates that https backends are verified against; "": those of the system`),
	one("backend_tls.cert_file", "path", `""`, asIs, func(p *Pool) *string { return &p.TLS.CertFile }, "PEM certificate the proxy shows to https backends; needs key_file"),
	one("backend_tls.key_file", "path", `""`, asIs, func(p *Pool) *string { return &p.TLS.KeyFile }, "its key"),
	one("backend_tls.server_name", "host", `""`, orEmpty(serverName), func(p *Pool) *string { return &p.TLS.ServerName }, `name in their certificates, also sent as SNI; "": the host of the URL`),
	one("backend_tls.insecure_skip_verify", "bool", "false", yesNo, func(p *Pool) *bool { return &p.TLS.InsecureSkipVerify }, "do not verify them; logged at start"),
}

// backendKeys are the keys of a backend that is more than its URL.
var backendKeys = []key[Backend]{
	many("url", "URL", "", readURL, func(b *Backend) *bool { return &b.TLS }, "http://host:port, https://host:port or unix:/path; port 80 or 443 when there is none"),
	one("weight", "int", "1", weight, func(b *Backend) *int { return &b.Weight }, "its share relative to the others of the pool"),
	one("max_conns", "int", "512", whole(1, 65536), func(b *Backend) *int { return &b.MaxConns }, "connections to it at a time"),
	one("backup", "bool", "false", yesNo, func(b *Backend) *bool { return &b.Backup }, "picked only when no other backend of the pool is eligible"),
}

var clientKeys = []key[draft]{
	one("rate_limit.rps", "float", "10.0", rate, func(d *draft) *float64 { return &d.RateLimit.RPS }, "requests per second of one client address; 0 turns the limiter off"),
	one("rate_limit.burst", "int", "10", whole(1, 1000000), func(d *draft) *int { return &d.RateLimit.Burst }, "requests that may come at once"),
	one("rate_limit.max_clients", "int", "262144", whole(1, 16777216), func(d *draft) *int { return &d.RateLimit.MaxClients }, "clients remembered at a time; fixes the limiter's memory"),
	one("rate_limit.ipv6_prefix", "int", "64", whole(1, 128), func(d *draft) *int { return &d.RateLimit.IPv6Prefix }, "bits of an IPv6 address that name one client"),
	one("via", "name", `""`, orEmpty(pseudonym), func(d *draft) *string { return &d.Via }, `what Via fields call the proxy in what it forwards; a request that has it is refused as a loop; "": no Via is added`),
	one("request_id", "field name", `""`, orEmpty(requestIDField), func(d *draft) *string { return &d.RequestID }, `field that carries an id of each request to backends, clients and the access log, such as X-Request-ID; "": none`),
	one("timeouts.client_header", "duration", "10s", wait, func(d *draft) *time.Duration { return &d.Timeouts.ClientHeader }, "a request head must be complete by then"),
	one("timeouts.client_body", "duration", "30s", wait, func(d *draft) *time.Duration { return &d.Timeouts.ClientBody }, "longest silence inside a request body"),
	one("timeouts.client_idle", "duration", "90s", wait, func(d *draft) *time.Duration { return &d.Timeouts.ClientIdle }, "between two requests of a connection; keep it above the load balancer's own"),
	one("timeouts.client_write", "duration", "30s", wait, func(d *draft) *time.Duration { return &d.Timeouts.ClientWrite }, "longest time a client may take no bytes"),
	one("timeouts.connect", "duration", "2s", wait, func(d *draft) *time.Duration { return &d.Timeouts.Connect }, "to open a connection to a backend"),
	one("timeouts.tls_handshake", "duration", "5s", wait, func(d *draft) *time.Duration { return &d.Timeouts.TLSHandshake }, "with a client or an https backend, once connected"),
	one("timeouts.response_header", "duration", "30s", wait, func(d *draft) *time.Duration { return &d.Timeouts.ResponseHeader }, "from the last byte sent to the end of the response head"),
	one("timeouts.response_body", "duration", "60s", wait, func(d *draft) *time.Duration { return &d.Timeouts.ResponseBody }, "longest silence inside a response body"),
	one("timeouts.backend_idle", "duration", "20s", wait, func(d *draft) *time.Duration { return &d.Timeouts.BackendIdle }, "an unused backend connection is closed after"),
	one("timeouts.tunnel", "duration", "1h", wait, func(d *draft) *time.Duration { return &d.Timeouts.Tunnel }, "longest silence on an upgraded connection"),
	one("timeouts.shutdown_delay", "duration", "0s", delay, func(d *draft) *time.Duration { return &d.Timeouts.ShutdownDelay }, "after SIGTERM, /readyz says 503 and service goes on for"),
	one("timeouts.shutdown", "duration", "30s", wait, func(d *draft) *time.Duration { return &d.Timeouts.Shutdown }, "exchanges in progress may go on for"),
	one("limits.max_connections", "int", "0", whole(0, 10000000), func(d *draft) *int { return &d.Limits.MaxConnections }, "client connections at a time; 0: as many as the file limit allows"),
	one("limits.max_header_bytes", "size", "16KiB", headSize, func(d *draft) *int { return &d.Limits.MaxHeaderBytes }, "of a request head (431 above) or a response head, and of the trailers behind the body"),
	one("limits.max_target_bytes", "size", "8KiB", headSize, func(d *draft) *int { return &d.Limits.MaxTargetBytes }, "of a request target (414 above)"),
	one("limits.max_fields", "int", "128", whole(1, 10000), func(d *draft) *int { return &d.Limits.MaxFields }, "field lines of a request head (431 above) or a response head, and of the trailers"),
	one("limits.max_body_bytes", "size", "0", bodySize, func(d *draft) *int64 { return &d.Limits.MaxBodyBytes }, "of a request body (413 above); 0: no limit"),
	one("retries.attempts", "int", "3", whole(1, 10), func(d *draft) *int { return &d.Retries.Attempts }, "sends for one request, the first included"),
	one("retries.budget", "float", "0.2", share, func(d *draft) *float64 { return &d.Retries.Budget }, "retries as a share of recent requests, 0 to 1"),
	one("access_log.path", "path", `""`, asIs, func(d *draft) *string { return &d.AccessLog.Path }, `file that gets a line for each request; "-" is standard output; "" turns it off`),
	one("access_log.format", "format", "json", logFormat, func(d *draft) *string { return &d.AccessLog.Format }, `json, combined (that of Apache) or a template: "${client} ${method} ${target} ${status}"`),
	one("access_log.sample", "float", "1", share, func(d *draft) *float64 { return &d.AccessLog.Sample }, "share of requests that are logged, 0 to 1; with only: of those it does not name, 0 unless set"),
	many("access_log.only", "list", "[]", readOnly, func(d *draft) *accesslog.Choice { return &d.AccessLog.Only }, "requests that are logged whatever sample is: errors, and a duration for those that take as long or longer"),
	section("pools", "mapping", func(_ *reader, d *draft, n node) { d.pools = n }, "named pools: strategy, backends, health_check and backend_tls, which inherit from the top level"),
	section("routes", "list", func(_ *reader, d *draft, n node) { d.routes = n }, "which requests go to which pool; the others go to the top-level backends"),
}

var routeKeys = []key[Route]{
	one("host", "host", `""`, routeHost, func(t *Route) *string { return &t.Host }, `a name, or "*.example.com" for all names below it; "" for any`),
	one("path", "path", "/", routePath, func(t *Route) *string { return &t.Path }, "prefix of whole segments: /v1 and /v1/ match /v1 and /v1/x, not /v1x"),
	one("pool", "name", "", poolName, func(t *Route) *string { return &t.Pool }, `a name of pools, or "default" for the top-level backends`),
	one("connect", "bool", "false", yesNo, func(t *Route) *bool { return &t.Connect }, "CONNECT requests are forwarded too, and become tunnels"),
}
