package repository_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/idempotency"
	"marketplace/shared/inbox"
	"marketplace/shared/outbox"
	"marketplace/warehouse-service/migrations"
)

// The shared mechanisms write to these tables; a service's own copy must not drift.
func TestSchema_HoldsTheSharedTables(t *testing.T) {
	first, err := fs.ReadFile(migrations.Files, "0001_initial.up.sql")
	require.NoError(t, err)
	for name, schema := range map[string]string{
		"outbox": outbox.Schema, "inbox": inbox.Schema, "idempotency": idempotency.Schema,
	} {
		require.Contains(t, string(first), schema, name)
	}
}
