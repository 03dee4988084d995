package repository

import (
	"testing"

	"marketplace/product-service/migrations"
	"marketplace/shared/idempotency"
	"marketplace/shared/testkit"
)

func TestSchema_HoldsTheSharedTables(t *testing.T) {
	testkit.MigrationsHold(t, migrations.Files, map[string]string{"idempotency": idempotency.Schema})
}
