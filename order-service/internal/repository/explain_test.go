package repository_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/repository"
	"marketplace/shared/testkit"
)

// Every statement finds its rows by an index, and pages come out of it in their order, however many orders there are.
func TestStatements_UseAnIndex(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	testkit.Fill(t, s.Pool,
		`insert into orders (id, number, customer_id, status, payment_status, total_amount, currency, address, payment_method,
			placed_at, deadline_at, version, client_network, cancel_reason)
		select gen_random_uuid(), 'n' || n, ('00000000-0000-0000-0000-' || lpad((n % 1000)::text, 12, '0'))::uuid,
			case when n % 100 = 0 then 'pending' when n % 10 = 0 then 'cancelled' else 'delivered' end, 'captured', 1, 'USD', '{}', 'pm',
			now() - n * interval '1 minute', now() + (n % 1000 - 10) * interval '1 minute', 1, '192.0.2.1',
			case when n % 10 = 0 and n % 100 <> 0 then '{"code":"timed_out"}'::jsonb end
		from generate_series(1, 100000) n`,
		`insert into order_items select id, gen_random_uuid(), 1, 's', 'n', '', 1, 1, 1 from orders`,
		`insert into order_events select id, seq, 'order.placed', '{}', 'test', '', now() from orders, generate_series(1, 3) seq`,
		`insert into declines select id, customer_id, '192.0.2.' || n % 250, placed_at
			from (select *, row_number() over () as n from orders) o where status = 'cancelled'`,
		`analyze`,
	)
	id, customer := uuid.NewString(), "00000000-0000-0000-0000-000000000007"
	ids, one := []string{id, uuid.NewString()}, []int{1, 1}
	texts := []string{"", ""}
	s.plansOfLimits(t, customer)
	for name, c := range map[string]struct {
		query   string
		args    []any
		ordered bool // by its index: what would have to be sorted grows with the table
	}{
		"what counts against an order": {repository.SelectStanding, []any{customer, 9, "192.0.2.7", 49}, false},
		"insert declines":              {repository.InsertDeclines, []any{ids, time.Now()}, false},
		"delete declines":              {repository.DeleteDeclines, []any{time.Hour, time.Time{}, 100}, false},
		"lock orders":                  {repository.LockOrders, []any{ids}, false},
		"lock overdue orders":          {repository.LockOverdue, []any{100, time.Now().Add(-time.Minute)}, false},
		"update orders":                {repository.UpdateOrders, []any{ids, texts, texts, []int64{1, 1}, texts, one, texts, texts, one}, false},
		"an order":                     {repository.SelectOrder, []any{id}, false},
		"items":                        {repository.SelectItems, []any{ids}, false},
		"a timeline":                   {repository.SelectTimeline, []any{id, 0, 21}, false},
		"statuses":                     {repository.SelectStatuses, []any{ids}, false},
		"a customer's":                 {repository.ListByCustomer, []any{time.Now(), id, 21, customer}, true},
		"a customer's by status": {
			repository.ListByCustomerAndState, []any{time.Now(), id, 21, customer, "pending"}, false,
		},
		"all":           {repository.ListAll, []any{time.Now(), id, 21}, true},
		"all by status": {repository.ListByState, []any{time.Now(), id, 21, "pending"}, true},
		"known orders":  {repository.SelectKnown, []any{id, 200}, false},
		"events":        {repository.SelectEvents, []any{ids}, false},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := s.Pool.Query(t.Context(), "explain "+c.query, c.args...)
			require.NoError(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			plan := strings.Join(lines, "\n")
			require.NotContains(t, plan, "Seq Scan", plan)
			require.Contains(t, plan, "Index", plan)
			if c.ordered {
				require.NotContains(t, plan, "Sort", plan)
			}
		})
	}
}

// Orders that were decided while a snapshot is held leave entries in the index of deadlines: the usual sweep begins behind them.
func TestExpire_DoesNotWalkOverWhatWasDecidedLongAgo(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	testkit.Fill(t, s.Pool,
		`insert into orders (id, number, customer_id, status, payment_status, total_amount, currency, address, payment_method, placed_at, deadline_at, version)
		select gen_random_uuid(), 'n' || n, gen_random_uuid(), 'pending', 'processing', 1, 'USD', '{}', 'pm', now(), now() - interval '1 hour', 1
		from generate_series(1, 20000) n`,
		`analyze orders`,
	)
	testkit.Snapshot(t, s.Pool)
	testkit.Fill(t, s.Pool, `update orders set status = 'delivered'`)
	require.Less(t, testkit.Buffers(t, s.Pool, repository.LockOverdue, 100, time.Now().Add(-time.Minute)), 100)
	require.Greater(t, testkit.Buffers(t, s.Pool, repository.LockOverdue, 100, time.Time{}), 100, "what only a full sweep walks over")
}
