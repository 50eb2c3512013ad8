package engine

import (
	"crypto/tls"

	"github.com/ESousa97/goproxyreverso/engine/certs"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// secured is TLS on a client's connection, after the handshake.
type secured struct {
	*tls.Conn
	wire     *wire
	store    *certs.Store // where its configuration is from
	version  uint16       // of TLS
	identity []byte       // the fields that tell of the client's certificate; nil: it has shown none
}

// secure speaks TLS on the connection from now on, and reports whether the client
// does so too. A client that only connected did nothing wrong; one that speaks
// plain HTTP is told what is wrong.
func (c *conn) secure(store *certs.Store) bool {
	limit := c.engine.snapshot.Load().timeouts.TLSHandshake
	c.ReadWithin(c.restAt, limit)
	first, err := c.peek(make([]byte, 1), something)
	if err != nil {
		return false
	}
	if 'A' <= first[0] && first[0] <= 'Z' {
		c.engine.opening.handshakeErrors[notTLS].Add(1)
		c.headErr, c.headAt = errPlainHTTP, http1.Now()
		c.lingers = true
		c.exchange.run()
		return false
	}
	c.ReadWithin(c.restAt, limit)
	c.WriteWithin(c.restAt, limit)
	w := &wire{Conn: c.nc, control: c.control}
	s := &secured{Conn: tls.Server(w, store.Config()), wire: w, store: store}
	if err := s.Handshake(); err != nil {
		why := handshakeFailure(err)
		c.engine.opening.handshakeErrors[why].Add(1)
		c.engine.log.Debug("TLS handshake failed", "peer", c.peer, "error", err)
		c.lingers = why != handshakeTimeout && why != handshakeGone // the alert must arrive
		return false
	}
	state := s.ConnectionState()
	c.engine.opening.handshakes[versionIndex(state.Version)][resumedIndex(state.DidResume)].Add(1)
	s.version, s.identity = state.Version, identityFields(&state)
	c.secured = s
	c.talk()
	c.restAt = http1.Now()
	return true
}

// store returns where the configuration of the connection's TLS is from, nil when
// it has none.
func (c *conn) store() *certs.Store {
	if c.secured == nil {
		return nil
	}
	return c.secured.store
}

// identity returns the fields that tell a backend of the client's certificate, nil
// when it has shown none.
func (c *conn) identity() []byte {
	if c.secured == nil {
		return nil
	}
	return c.secured.identity
}

// hsts returns the field Strict-Transport-Security, nil when none is to be sent. It
// means nothing without TLS (RFC 6797 section 7.2).
func (x *exchange) hsts() []byte {
	if x.conn.secured == nil {
		return nil
	}
	return x.listener.hsts
}

// identityFields makes the fields that tell of a client's certificate: its subject,
// and all of it (RFC 9440).
func identityFields(state *tls.ConnectionState) (fields []byte) {
	if subject := certs.Subject(state); subject != "" {
		fields = http1.AppendField(fields, []byte("X-Client-Cert-Subject"), []byte(subject))
	}
	if cert := certs.ClientCert(state); cert != "" {
		fields = http1.AppendField(fields, []byte("Client-Cert"), []byte(cert))
	}
	return fields
}
