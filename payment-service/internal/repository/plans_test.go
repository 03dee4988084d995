package repository

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/migrations"
	"marketplace/shared/due"
	"marketplace/shared/testkit"
)

const (
	somePayment  = "00000000-0000-7000-8000-000000000007"
	someOrder    = "00000000-0000-7000-9000-000000000007"
	someCustomer = "00000000-0000-7000-a000-000000000007"
	someRefund   = "00000000-0000-7000-b000-000000000007"
)

// fill makes a shop that has been open for a while: almost everything is settled.
func fill(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	uuids := func(variant string) string {
		return fmt.Sprintf("('00000000-0000-7000-%s-' || lpad(to_hex(%%s), 12, '0'))::uuid", variant)
	}
	id, orderID := fmt.Sprintf(uuids("8000"), "n"), fmt.Sprintf(uuids("9000"), "n")
	customer, refund := fmt.Sprintf(uuids("a000"), "n % 1000"), fmt.Sprintf(uuids("b000"), "n")
	const every = ` from generate_series(1, 30000) n`
	testkit.Fill(t, pool,
		`insert into payments (id, order_id, customer_id, amount, currency, method, state, captured_amount, marked_at, next_at)
		select `+id+`, `+orderID+`, `+customer+`, 100, 'USD', 'm', case when n % 1000 = 7 then 'called' else 'captured' end,
			case when n % 1000 = 7 then 0 else 100 end, now(), case when n % 1000 = 7 then now() end`+every,
		`insert into refunds (id, payment_id, cause, amount, currency, status, next_at)
		select `+refund+`, `+id+`, 'c', 1, 'USD', case when n % 1000 = 7 then 'pending' else 'done' end,
			case when n % 1000 = 7 then now() end`+every,
		`insert into ledger (id, payment_id, kind, amount, currency) select `+id+`, `+id+`, 'charge', 100, 'USD'`+every,
		`insert into webhooks (event_id, type, payment_id, intent_id, occurred_at, received_at)
		select 'evt_' || n, 't', `+id+`, 'pi', now(), now() - n * interval '1 minute'`+every,
		`analyze`,
	)
}

// Every statement finds its rows through an index, however large the tables are.
func TestPlans_NoStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, "payment_service", migrations.Files).Pool
	fill(t, pool)
	orders, payments, refunds := []string{someOrder}, []string{somePayment}, []string{someRefund}
	text, number, yes, none := []string{""}, []int64{1}, []bool{true}, []*string{nil}
	for name, query := range map[string]struct {
		sql  string
		args []any
	}{
		"lock payments":      {lockPayments, []any{orders}},
		"their refunds":      {selectRefunds, []any{orders}},
		"lock a payment":     {lockPayment, []any{somePayment}},
		"its refunds":        {selectPaymentsRefunds, []any{somePayment}},
		"claim payments":     {lockDue, []any{10, time.Now()}},
		"claim refunds":      {claimRefunds, []any{10, time.Minute, time.Now()}},
		"update refunds":     {updateRefundsSQL, []any{refunds, []string{"done"}, text, none, none, text, yes, number}},
		"record webhooks":    {record, []any{[]string{"evt_x"}, text, payments, text, refunds, []time.Time{time.Now()}}},
		"look up refunds":    {lookUp, []any{refunds}},
		"lock hinted":        {lockHinted, []any{payments}},
		"hinted refunds":     {selectHintedRefunds, []any{payments}},
		"forget":             {forgetSome, []any{webhooksKept, time.Time{}}},
		"get":                {selectPayment, []any{somePayment}},
		"refunds to show":    {selectRefundViews, []any{payments}},
		"ledger":             {selectLedger, []any{somePayment}},
		"list all":           {listAll, []any{newest, 21}},
		"list a customer's":  {listByCustomer, []any{newest, 21, someCustomer}},
		"list an order's":    {listByOrder, []any{newest, 21, someOrder}},
		"list awaiting":      {listAwaiting, []any{newest, 21}},
		"list attention":     {listAttention, []any{newest, 21}},
		"spent":              {selectSpent, []any{someCustomer, "USD"}},
		"acts":               {selectActs, []any{somePayment}},
		"count waiting":      {countWaiting, nil},
		"waiting":            {selectWaiting, nil},
		"list one's order's": {listOwnByOrder, []any{newest, 21, someOrder, someCustomer}},
		"update payments": {updatePaymentsSQL, []any{
			payments,
			[]string{"captured"},
			yes, yes, text, text, text, none, none, number,
			[]*int64{nil},
			[]*int64{nil},
			[]int{1},
			yes, yes, text,
			yes,
			[]*int64{nil},
			yes, yes, text, text,
			number, text, yes,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, pool, query.sql, query.args)
			for _, table := range []string{"payments", "refunds", "ledger", "webhooks"} {
				require.NotContains(t, plan, "Seq Scan on "+table, plan)
			}
			if name != "list awaiting" && name != "list attention" { // those are few
				require.NotContains(t, plan, "Sort Key: payments.id", plan)
			}
		})
	}
	require.Contains(t, explain(t, pool, `select * from payments where trace = 'x'`, nil), "Seq Scan on payments", "the test can fail")
}

// What was settled while a snapshot is held leaves entries in the queues' indexes: the usual look begins behind them.
func TestPlans_ClaimsDoNotWalkOverWhatWasSettledLongAgo(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, "payment_service", migrations.Files).Pool
	fill(t, pool)
	testkit.Fill(t, pool,
		`update payments set next_at = now() - interval '1 hour'`, `update refunds set status = 'pending', next_at = now() - interval '1 hour'`, `analyze`)
	testkit.Snapshot(t, pool)
	testkit.Fill(t, pool, `update payments set next_at = null`, `update refunds set status = 'done', next_at = null`)
	lately := time.Now().Add(-due.Recent)
	const pages = 100
	require.Less(t, testkit.Buffers(t, pool, lockDue, 10, lately), pages)
	require.Less(t, testkit.Buffers(t, pool, claimRefunds, 10, time.Minute, lately), pages)
	require.Greater(t, testkit.Buffers(t, pool, lockDue, 10, time.Time{}), pages, "what only a full look walks over")
}

func explain(t *testing.T, pool *pgxpool.Pool, sql string, args []any) string {
	t.Helper()
	rows, err := pool.Query(context.Background(), "explain "+sql, args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

// What is deleted leaves its entry in the index under a long snapshot.
func TestPlans_AChunkOfOldWebhooksDoesNotDependOnHowManyWereDeleted(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "payment_service", migrations.Files)
	fill(t, db.Pool)
	testkit.Snapshot(t, db.Pool)
	var beginning time.Time
	chunk := func(after time.Time) int { return testkit.Buffers(t, db.Pool, forgetSome, webhooksKept, after) }
	first, after := chunk(beginning), beginning
	for range 15 {
		last, err := forgetChunk(t.Context(), db.Pool, after)
		require.NoError(t, err)
		require.NotNil(t, last)
		after = *last
	}
	later, again := chunk(after), chunk(beginning)
	t.Logf("a chunk touches %d pages, the sixteenth %d, and %d if it begins where the first did", first, later, again)
	require.Less(t, later, again-100)
	require.NoError(t, forget(t.Context(), db.Pool))
	require.Zero(t, func() (n int) {
		require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from webhooks where received_at < now() - interval '7 days'`).Scan(&n))
		return n
	}())
}
