package repository_test

import (
	"testing"

	"marketplace/shared/idempotency"
	"marketplace/shared/testkit"
	"marketplace/user-service/migrations"
)

func TestSchema_HoldsTheSharedTables(t *testing.T) {
	testkit.MigrationsHold(t, migrations.Files, map[string][]string{"idempotency": {idempotency.Schema}})
}

// Those up to 0006 are from before the rule.
func TestMigrations_LockBriefly(t *testing.T) { testkit.MigrationsLockBriefly(t, migrations.Files, 6) }
