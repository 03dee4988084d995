package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoad_RefusesAMarketplaceWithAnotherPassword(t *testing.T) {
	err := load(t.Context(), settings{gateway: "http://127.0.0.1:1", adminEmail: "admin@marketplace.local", adminPassword: "chosen"})
	require.ErrorIs(t, err, errNotDevelopment)
}
