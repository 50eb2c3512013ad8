package certs

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// How long session tickets are good for.
const (
	// ticketPeriod is how long new tickets are made with the same key.
	ticketPeriod = 12 * time.Hour

	// ticketKeys is how many keys are kept, the one in use among them: tickets are
	// good for at least ticketPeriod*(ticketKeys-1). Whoever learns the keys can
	// read the recorded connections of that time if they were TLS 1.2.
	ticketKeys = 3
)

// ErrTickets is returned by NewTickets when the bytes are not from Tickets.Bytes.
var ErrTickets = errors.New("certs: not the keys of session tickets")

// Tickets holds the keys of session tickets. All stores of a process share one,
// so that sessions outlive a reload, and its Bytes are handed to the process that
// takes over. It changes keys by itself as tickets are made and read.
type Tickets struct {
	box *tls.Config // knows the keys, encrypts and decrypts with them

	due  atomic.Int64 // Unix time of the next change of keys
	mu   sync.Mutex
	keys []ticketKey // the newest first
}

// ticketKey is a secret and the Unix time when it was made.
type ticketKey struct {
	made   int64
	secret [32]byte
}

// NewTickets returns new keys, or those of another process: its Tickets.Bytes.
func NewTickets(exported []byte) (*Tickets, error) {
	return newTickets(exported, time.Now())
}

func newTickets(exported []byte, now time.Time) (*Tickets, error) {
	t := &Tickets{box: &tls.Config{}}
	if len(exported) > 0 {
		if err := t.parse(exported, now.Unix()); err != nil {
			return nil, err
		}
		t.due.Store(t.keys[0].made + seconds(ticketPeriod))
		t.publish()
	}
	t.rotate(now)
	return t, nil
}

// ticketFormat is the first byte of what Bytes returns; another format would have
// another. Behind it come the keys, the newest first: the time and the secret.
const ticketFormat, ticketKeySize = 1, 8 + 32

// Bytes returns the keys for NewTickets in another process. They are secret.
func (t *Tickets) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := []byte{ticketFormat}
	for _, k := range t.keys {
		b = binary.BigEndian.AppendUint64(b, uint64(k.made))
		b = append(b, k.secret[:]...)
	}
	return b
}

// parse reads what Bytes returned. A time to come is taken for now, lest the key
// be used until then.
func (t *Tickets) parse(b []byte, now int64) error {
	n := (len(b) - 1) / ticketKeySize
	if b[0] != ticketFormat || len(b) != 1+n*ticketKeySize || n < 1 || n > ticketKeys {
		return ErrTickets
	}
	for b = b[1:]; len(b) > 0; b = b[ticketKeySize:] {
		k := ticketKey{made: min(int64(binary.BigEndian.Uint64(b)), now)}
		copy(k.secret[:], b[8:])
		t.keys = append(t.keys, k)
	}
	return nil
}

// rotate makes a new key when the one in use is ticketPeriod old, and forgets
// those whose time is over, however long no client came.
func (t *Tickets) rotate(now time.Time) {
	if now.Unix() < t.due.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Unix() < t.due.Load() {
		return
	}
	keys := []ticketKey{{made: now.Unix()}}
	_, _ = rand.Read(keys[0].secret[:]) // never fails
	for _, k := range t.keys {
		if len(keys) < ticketKeys && now.Unix()-k.made < ticketKeys*seconds(ticketPeriod) {
			keys = append(keys, k)
		}
	}
	t.keys = keys
	t.publish()
	t.due.Store(now.Unix() + seconds(ticketPeriod))
}

// publish makes the keys those that are used from now on.
func (t *Tickets) publish() {
	secrets := make([][32]byte, len(t.keys))
	for i, k := range t.keys {
		secrets[i] = k.secret
	}
	t.box.SetSessionTicketKeys(secrets)
}

// serve makes connections with this configuration use the keys.
func (t *Tickets) serve(c *tls.Config) {
	c.WrapSession = func(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		t.rotate(time.Now())
		return t.box.EncryptTicket(cs, s)
	}
	c.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		t.rotate(time.Now())
		return t.box.DecryptTicket(ticket, cs)
	}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
