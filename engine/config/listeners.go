package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/certs"
)

// listenerDraft is a listener while it is read.
type listenerDraft struct {
	Listener
	files CertificateFiles // tls.cert_file and tls.key_file, the first of its certificates
}

// readListeners makes the listeners of the file: those of the list, or the one
// that the top level describes.
func (r *reader) readListeners(d *draft) {
	if d.listeners.shape == empty && d.listeners.path == "" {
		r.checkListener(&d.listener, "")
		d.addListener(&d.listener, "listen_addr")
		return
	}
	items, ok := r.list(d.listeners)
	if ok && len(items) == 0 {
		r.fail(d.listeners, `no listeners: want at least one, such as {addr: ":8080"}`)
	}
	for _, k := range listenerKeys[1:] {
		if k.name != "trusted_proxies" {
			r.refuseBesideListeners(k.name)
		}
	}
	r.refuseBesideListeners("listen_addr")
	for i, item := range items {
		l := listenerDraft{}
		fill(&l, listenerKeys)
		l.TrustedProxies = d.listener.TrustedProxies
		if item.shape != mapping {
			if item.shape != broken {
				r.fail(item, `want a mapping: {addr: ":8443", tls: {cert_file: cert.pem, key_file: key.pem}}`)
			}
			continue
		}
		readKeys(r, listenerKeys, &l, item)
		if !item.has("addr") {
			r.fail(item, "has no addr")
		}
		section := fmt.Sprintf("listeners[%d].", i)
		r.checkListener(&l, section)
		if l.Addr != "" {
			d.addListener(&l, section+"addr")
		}
	}
}

// addListener adds a listener whose address stands at path.
func (d *draft) addListener(l *listenerDraft, path string) {
	d.Listeners = append(d.Listeners, l.whole())
	d.addrPaths = append(d.addrPaths, path)
}

// refuseBesideListeners reports a setting of the one listener when there is a list
// of them.
func (r *reader) refuseBesideListeners(name string) {
	if n, given := r.seen[name]; given {
		r.fail(n, "is for listen_addr; with listeners, it belongs to one of them")
	}
}

// checkListener reports settings of a listener that contradict each other. section
// is where it has them.
func (r *reader) checkListener(l *listenerDraft, section string) {
	report := func(key, message string) { r.fail(r.seen[section+key], "%s", message) }
	given := func(key string) bool { _, ok := r.seen[section+key]; return ok }
	switch c := l.files; {
	case c.CertFile != "" && c.KeyFile == "":
		report("tls.cert_file", "a certificate needs its key (give tls.key_file)")
	case c.KeyFile != "" && c.CertFile == "":
		report("tls.key_file", "a key needs its certificate (give tls.cert_file)")
	}
	if whole := l.whole(); whole.TLS.On() {
		if l.RedirectHTTPS != 0 {
			report("redirect_https", "is for listeners without TLS, and this one has it")
		}
	} else if key := l.tlsSetting(); key != "" && !given("tls.certificates") && l.files == (CertificateFiles{}) {
		report(key, "there is no TLS without a certificate (give tls.cert_file and tls.key_file)")
	}
	switch t := l.TLS; {
	case t.ClientAuth != "none" && t.ClientCAFile == "":
		report("tls.client_auth", "needs tls.client_ca_file, which says whose certificates are good")
	case t.ClientAuth == "none" && t.ClientCAFile != "":
		report("tls.client_ca_file", "has no use while tls.client_auth is none (want optional or require)")
	}
	if l.ProxyProtocol && len(l.TrustedProxies) == 0 {
		report("proxy_protocol", "is accepted from trusted_proxies only, and there are none")
	}
	if l.ReusePort && strings.HasPrefix(l.Addr, "unix:") {
		report("reuse_port", "a Unix socket has no port")
	}
}

// tlsSetting returns a key that was set to something and means nothing without a
// certificate, "" when none was.
func (l *listenerDraft) tlsSetting() string {
	switch t := l.TLS; {
	case t.MinVersion != "1.2":
		return "tls.min_version"
	case len(t.Ciphers) > 0:
		return "tls.ciphers"
	case t.ClientAuth != "none":
		return "tls.client_auth"
	case t.HSTS != 0:
		return "tls.hsts"
	}
	return ""
}

// whole returns the listener with its first certificate in its place.
func (l *listenerDraft) whole() Listener {
	w := l.Listener
	if l.files != (CertificateFiles{}) {
		w.TLS.Certificates = append([]CertificateFiles{l.files}, w.TLS.Certificates...)
	}
	return w
}

func readCertificates(r *reader, l *listenerDraft, n node) {
	items, ok := r.list(n)
	if !ok {
		return
	}
	l.TLS.Certificates = nil
	for _, item := range items {
		var c CertificateFiles
		if item.shape != mapping {
			r.fail(item, "want a mapping: {cert_file: cert.pem, key_file: key.pem}")
			continue
		}
		readKeys(r, certificateKeys, &c, item)
		if c.CertFile == "" || c.KeyFile == "" {
			r.fail(item, "a certificate needs both cert_file and key_file")
			continue
		}
		l.TLS.Certificates = append(l.TLS.Certificates, c)
	}
}

// readCiphers reads names of cipher suites.
func readCiphers(r *reader, l *listenerDraft, n node) {
	items, ok := r.list(n)
	if !ok {
		return
	}
	l.TLS.Ciphers = nil
	for _, item := range items {
		text, ok := r.scalar(item)
		if !ok {
			continue
		}
		if _, err := certs.Cipher(text); err != nil {
			r.fail(item, "%s", err)
			continue
		}
		l.TLS.Ciphers = append(l.TLS.Ciphers, text)
	}
}

// socketMode reads mode bits in octal.
func socketMode(text string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(text, 8, 32)
	if err != nil || bits > 0o777 {
		return 0, fmt.Errorf(`%s is not a mode (want octal digits, such as "0660")`, quote(text))
	}
	return fs.FileMode(bits), nil
}

func tlsVersion(text string) (string, error) {
	_, err := certs.Version(text)
	return text, err
}

func clientAuth(text string) (string, error) {
	_, err := certs.ClientAuth(text)
	return text, err
}

// hsts reads how long browsers remember to come by https only.
func hsts(text string) (time.Duration, error) {
	d, err := duration(text)
	if err == nil && (d < 0 || d > 10*365*24*time.Hour || d%time.Second != 0) {
		err = errors.New("must be whole seconds from 0s to ten years (8760h is one)")
	}
	return d, err
}

// delay reads a pause that may be left out.
func delay(text string) (time.Duration, error) {
	d, err := duration(text)
	if err == nil && (d < 0 || d > time.Hour) {
		err = fmt.Errorf("must be between 0s and 1h, not %s", short(text))
	}
	return d, err
}
