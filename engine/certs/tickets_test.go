package certs

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// A session is resumed by the process that takes over the keys, and not by one
// that has others, in both versions of TLS.
func TestHandOver(t *testing.T) {
	a := certstest.NewAuthority(t)
	spec := Spec{Pairs: []Pair{pair(t, a, certstest.ECDSA(t), "a.test")}}
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			tickets := freshTickets(t)
			first := serveWith(t, a, spec, tickets)
			c := first.client("a.test")
			c.MaxVersion = version
			_, p := first.connect(c)
			require.False(t, p.state.DidResume)
			_, p = first.connect(c)
			require.True(t, p.state.DidResume)

			exported, err := NewTickets(tickets.Bytes())
			require.NoError(t, err)
			second := serveWith(t, a, spec, exported)
			_, p = second.connect(c)
			require.True(t, p.state.DidResume)

			_, p = serve(t, a, spec).connect(c)
			require.False(t, p.state.DidResume)
		})
	}
}

// Keys change every ticketPeriod; ticketKeys of them are kept, and none longer
// than their time, however long nobody came.
func TestRotate(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	tickets, err := newTickets(nil, now)
	require.NoError(t, err)
	secrets := func() (all [][32]byte) {
		for _, k := range tickets.keys {
			all = append(all, k.secret)
		}
		return all
	}
	first := secrets()
	require.Len(t, first, 1)
	tickets.rotate(now.Add(ticketPeriod - time.Second))
	require.Equal(t, first, secrets())

	tickets.rotate(now.Add(ticketPeriod))
	second := secrets()
	require.Len(t, second, 2)
	require.NotEqual(t, first[0], second[0])
	require.Equal(t, first[0], second[1])

	tickets.rotate(now.Add(2 * ticketPeriod))
	tickets.rotate(now.Add(3 * ticketPeriod))
	fourth := secrets()
	require.Len(t, fourth, ticketKeys)
	require.NotContains(t, fourth, first[0])
	require.Equal(t, second[0], fourth[2])

	tickets.rotate(now.Add(9 * ticketPeriod))
	require.Len(t, secrets(), 1)
	require.NotContains(t, fourth, secrets()[0])
}

// Keys that were handed over keep their age; bytes that are no keys are refused.
func TestTicketBytes(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	from, err := newTickets(nil, now)
	require.NoError(t, err)
	to, err := newTickets(from.Bytes(), now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, from.keys, to.keys)
	require.Equal(t, from.due.Load(), to.due.Load())

	late, err := newTickets(from.Bytes(), now.Add(ticketPeriod))
	require.NoError(t, err)
	require.Len(t, late.keys, 2)
	require.Equal(t, from.keys[0], late.keys[1])

	back, err := newTickets(from.Bytes(), now.Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, now.Add(-time.Hour).Unix(), back.keys[0].made, "a clock that was set back")

	b := from.Bytes()
	many := []byte{ticketFormat}
	for range ticketKeys + 1 {
		many = append(many, b[1:]...)
	}
	for _, bad := range [][]byte{{0}, {ticketFormat}, b[:len(b)-1], append([]byte{2}, b[1:]...), many} {
		_, err := NewTickets(bad)
		require.ErrorIs(t, err, ErrTickets)
	}
}
