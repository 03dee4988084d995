package repository

import (
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/migrations"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
)

// below are the migrations whose names sort before the given one, or all without one.
func below(t *testing.T, name string) fs.FS {
	t.Helper()
	names, err := fs.Glob(migrations.Files, "*.sql")
	require.NoError(t, err)
	some := fstest.MapFS{}
	for _, n := range names {
		if name == "" || n < name {
			data, err := migrations.Files.ReadFile(n)
			require.NoError(t, err)
			some[n] = &fstest.MapFile{Data: data}
		}
	}
	return some
}

// before is a database as a version left it that knew the migrations below the given one.
func before(t *testing.T, name string) testkit.DB {
	t.Helper()
	return testkit.Database(t, "payment_service", below(t, name))
}

// upgrade is the start of a version that knows the migrations below the given one.
func upgrade(t *testing.T, db testkit.DB, name string) {
	t.Helper()
	require.NoError(t, postgres.Migrate(t.Context(), postgres.Config{URL: db.URL, Schema: "payment_service"}, below(t, name)))
}

func idOf(kind, i int) string { return fmt.Sprintf("00000000-0000-0000-%04d-%012d", kind, i) }

func texts(t *testing.T, db testkit.DB, sql string) []string {
	t.Helper()
	rows, err := db.Pool.Query(t.Context(), sql)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}

// What an earlier version called abandoned is withdrawn, unless the order had ended before it.
func TestMigrate_WhatWasGivenUpWhileTheOrderWentOnIsWithdrawn(t *testing.T) {
	t.Parallel()
	db := before(t, "0005")
	for i, given := range []struct {
		unwanted bool
		refunds  string
	}{
		{false, `('support:k', 'abandoned', 1)`},
		{true, `('support:k', 'abandoned', 1), ('order:o:cancelled:1', null, 2)`},
		{true, `('support:k', 'abandoned', 3), ('order:o:cancelled:1', 'abandoned', 2)`},
		{true, `('return:r', 'abandoned', 1)`},
		{false, `('support:k', 'refused', 1)`},
	} {
		_, err := db.Pool.Exec(t.Context(), `insert into payments (id, order_id, amount, currency, method, state, captured_amount, marked_at, unwanted)
			values ($1, $2, 30, 'USD', 'pm', 'captured', 30, now(), $3)`, idOf(1, i), idOf(2, i), given.unwanted)
		require.NoError(t, err)
		_, err = db.Pool.Exec(t.Context(), `insert into refunds (id, payment_id, cause, amount, currency, status, failure_code, created_at, settled_at)
			select gen_random_uuid(), $1, cause, 10, 'USD', case when code is null then 'done' else 'failed' end, code,
				now() + day * interval '1 day', now() + day * interval '1 day'
			from (values `+given.refunds+`) as r (cause, code, day)`, idOf(1, i))
		require.NoError(t, err)
	}
	upgrade(t, db, "")
	require.Equal(t, []string{
		"support:k withdrawn",
		"order:o:cancelled:1 ", "support:k withdrawn",
		"order:o:cancelled:1 abandoned", "support:k abandoned",
		"return:r abandoned",
		"support:k refused",
	}, texts(t, db, `select cause || ' ' || coalesce(failure_code, '') from refunds order by payment_id, cause`))
}

// captured is a payment whose money came so many days from now.
func captured(t *testing.T, db testkit.DB, i, day int, columns string) {
	t.Helper()
	_, err := db.Pool.Exec(t.Context(), `insert into payments (id, order_id, amount, currency, method, state, captured_amount, marked_at, updated_at)
		values ($1, $2, 30, 'USD', 'pm', 'captured', 30, now() + $3 * interval '1 day', now() + $3 * interval '1 day')`, idOf(1, i), idOf(2, i), day)
	require.NoError(t, err)
	_, err = db.Pool.Exec(t.Context(), `insert into ledger (id, payment_id, kind, amount, currency, at)
		values (gen_random_uuid(), $1, 'charge', 30, 'USD', now() + $2 * interval '1 day')`, idOf(1, i), day)
	require.NoError(t, err)
	if columns != "" {
		_, err = db.Pool.Exec(t.Context(), `update payments set `+columns+` where id = $1`, idOf(1, i))
		require.NoError(t, err)
	}
}

const dispatches = `select id::text || ' ' || dispatched || ' ' || dispatch_unknown from payments order by id`

// What was captured before shipments were heard of has an unknown dispatch, but for what was told since.
func TestMigrate_ADispatchFromBeforeShipmentsWereHeardOfIsUnknown(t *testing.T) {
	t.Parallel()
	old := before(t, "0003")
	captured(t, old, 0, -9, "")
	captured(t, old, 1, -9, "")
	captured(t, old, 2, -9, "unwanted = true")
	captured(t, old, 3, -9, "state = 'called', captured_amount = 0")
	captured(t, old, 4, -2, "")
	upgrade(t, old, "0007")
	require.Equal(t, 5, len(texts(t, old, `select id::text from payments where not dispatched`)))
	_, err := old.Pool.Exec(t.Context(), `update payments set dispatched = true, updated_at = now() - interval '3 days' where id = $1`, idOf(1, 1))
	require.NoError(t, err)
	captured(t, old, 5, -1, "")
	captured(t, old, 6, -4, "charge_amount = 30, charge_currency = 'usd'")
	captured(t, old, 7, -5, "")
	upgrade(t, old, "")
	captured(t, old, 8, 0, "")
	id := func(i int) string { return idOf(1, i) }
	require.Equal(t, []string{
		id(0) + " false true",
		id(1) + " true false",  // it was told
		id(2) + " false false", // the order was cancelled
		id(3) + " false false", // a shipment comes after the capture
		id(4) + " false false", // captured when a later version had marked another
		id(5) + " false false", // the same
		id(6) + " false false", // a later version marked it
		id(7) + " false true",  // nothing shows which version captured it
		id(8) + " false false",
	}, texts(t, old, dispatches))
}

func TestMigrate_WithoutATraceOfALaterVersionEveryDispatchIsUnknown(t *testing.T) {
	t.Parallel()
	db := before(t, "0007")
	captured(t, db, 0, -1, "")
	upgrade(t, db, "")
	require.Equal(t, []string{idOf(1, 0) + " false true"}, texts(t, db, dispatches))
}
