package repository

import (
	"testing"

	"marketplace/product-service/migrations"
	"marketplace/shared/idempotency"
	"marketplace/shared/testkit"
)

func TestSchema_HoldsTheSharedTables(t *testing.T) {
	testkit.MigrationsHold(t, migrations.Files, map[string][]string{"idempotency": {idempotency.Schema}})
}

// Those up to 0004 are from before the rule.
func TestMigrations_LockBriefly(t *testing.T) { testkit.MigrationsLockBriefly(t, migrations.Files, 4) }
