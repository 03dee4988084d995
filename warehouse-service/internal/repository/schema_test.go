package repository_test

import (
	"testing"

	"marketplace/shared/idempotency"
	"marketplace/shared/inbox"
	"marketplace/shared/outbox"
	"marketplace/shared/testkit"
	"marketplace/warehouse-service/migrations"
)

func TestSchema_HoldsTheSharedTables(t *testing.T) {
	testkit.MigrationsHold(t, migrations.Files, map[string][]string{
		"outbox": {outbox.Schema}, "inbox": inbox.Schema, "idempotency": {idempotency.Schema},
	})
}

// Those up to 0004 are from before the rule.
func TestMigrations_LockBriefly(t *testing.T) { testkit.MigrationsLockBriefly(t, migrations.Files, 4) }
