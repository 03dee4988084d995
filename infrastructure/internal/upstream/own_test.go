package upstream

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTransport_WhatTheGatewayItselfLooksForOpensNoBreaker(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	_, client := newPool(t, "any", backend.server.URL)
	look := func() error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://any/", http.NoBody)
		require.NoError(t, err)
		reply, err := client.transport.Own().RoundTrip(r)
		if err != nil {
			return err
		}
		return reply.Body.Close()
	}
	backend.breaks.Store(true)
	for range 2 * breakerFailures {
		require.ErrorIs(t, look(), Away)
	}
	backend.breaks.Store(false)
	require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, ""))

	backend.breaks.Store(true)
	for range breakerFailures {
		_, err := client.try(t, http.MethodGet, "")
		require.ErrorIs(t, err, Away)
	}
	backend.breaks.Store(false)
	require.NoError(t, look(), "it says what is, not what the breaker believes")
}

func TestTransport_P49_AServiceIsThereWhenOneInstanceAnswers(t *testing.T) {
	t.Parallel()
	dead, alive := newBackend(t), newBackend(t)
	pool, client := newPool(t, "any", dead.server.URL)
	pool.set([]string{dead.addr(), alive.addr()})
	dead.kill()
	for range 4 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://any/", http.NoBody)
		require.NoError(t, err)
		reply, err := client.transport.Own().RoundTrip(r)
		require.NoError(t, err)
		require.NoError(t, reply.Body.Close())
	}
}
