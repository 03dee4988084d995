package invariants

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

// schemas are those of all services with their migrations, below the workspace's root.
var schemas = map[string]string{
	"user_service":      "user-service/migrations",
	"product_service":   "product-service/migrations",
	"order_service":     "order-service/migrations",
	"payment_service":   "payment-service/migrations",
	"warehouse_service": "warehouse-service/migrations",
	"sandbox":           "payment-service/internal/sandbox/store/migrations",
}

// marketplace is a database with every service's tables, in which all is well: testdata/good.sql.
func marketplace(t *testing.T) *pgxpool.Pool {
	t.Helper()
	root, found := testkit.Root()
	require.True(t, found)
	var statements []string
	for schema, folder := range schemas {
		statements = append(statements, "create schema "+schema, "set search_path = "+schema)
		files, err := filepath.Glob(filepath.Join(root, folder, "*.up.sql"))
		require.NoError(t, err)
		require.NotEmpty(t, files, schema)
		slices.Sort(files)
		for _, file := range files {
			statements = append(statements, read(t, file))
		}
	}
	statements = append(statements, "set search_path = public", read(t, "testdata/good.sql"))

	db := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {}})
	conn, err := pgx.Connect(t.Context(), db.URL)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, "%.200s", statement)
	}
	return db.Pool
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

const (
	first     = `'a0000000-0000-7000-8000-000000000001'` // the confirmed order
	second    = `'a0000000-0000-7000-8000-000000000002'` // the cancelled one
	third     = `'a0000000-0000-7000-8000-000000000003'` // the delivered one
	paid      = `'d0000000-0000-7000-8000-000000000001'` // the first order's payment
	repaid    = `'d0000000-0000-7000-8000-000000000002'` // the second order's
	lamp      = `'b0000000-0000-7000-8000-000000000001'`
	desk      = `'b0000000-0000-7000-8000-000000000002'`
	london    = `'c0000000-0000-7000-8000-000000000001'`
	unbounded = `alter table warehouse_service.stock drop constraint stock_bounds; update warehouse_service.stock `
	unsent    = ` (id, type, subject, body, headers, occurred_at) values ('f0000000-0000-7000-8000-00000000000f', 'x', '', '', '{}', now())`
)

// violation is something that must never be, and what the invariant then says.
type violation struct {
	what, plant, finds string
}

// violations are at least one for each part of each invariant. What the tables themselves refuse loses its guard first.
var violations = map[string][]violation{
	"01_outbox_is_sent": {
		{"an order's event", `insert into order_service.outbox` + unsent, "order"},
		{"a warehouse's event", `insert into warehouse_service.outbox` + unsent, "warehouse"},
		{"a payment's event", `insert into payment_service.outbox` + unsent, "payment"},
	},
	"02_every_event_is_received": {
		{"an event that one of two heard", `delete from payment_service.inbox`, "lost payment.events.v1"},
		{"an event that nobody parked", `delete from order_service.parked`, "lost order.events.v1"},
		{"an event that nobody sent", `insert into order_service.inbox (consumer, message_id)
			values ('order.events.v1', 'f0000000-0000-7000-8000-00000000000f')`, "from nowhere"},
	},
	"03_inbox_is_unique": {
		{"taken twice", `alter table warehouse_service.inbox drop constraint inbox_pkey;
			insert into warehouse_service.inbox select * from warehouse_service.inbox limit 1`, "warehouse.events.v1"},
	},
	"04_stock_is_in_bounds": {
		{"reserved below 0", unbounded + `set reserved = -1`, "8 -1"},
		{"more reserved than there is", unbounded + `set reserved = 9`, "8 9"},
		{"on hand below 0", unbounded + `set on_hand = -2, reserved = -3`, "-2 -3"},
	},
	"05_stock_is_its_movements": {
		{"less on hand than came", `update warehouse_service.stock set on_hand = 7`, "7 8"},
		{"less reserved than is held", `update warehouse_service.stock set reserved = 1`, "1 2"},
		{"a movement of no stock", `insert into warehouse_service.movements (product_id, warehouse_id, quantity, kind, ref)
			values (` + desk + `, ` + london + `, 6, 'supply', '')`, "6"},
		{"a reservation of no stock", `insert into warehouse_service.reservations (order_id, product_id, warehouse_id, quantity, status)
			values (` + first + `, ` + desk + `, ` + london + `, 5, 'active')`, "5"},
		{"stock that never came", `insert into warehouse_service.stock (product_id, warehouse_id, on_hand) values (` + desk + `, ` + london + `, 4)`, "4"},
	},
	"06_reservations_are_unique": {
		{"held twice", `alter table warehouse_service.reservations drop constraint reservations_pkey;
			insert into warehouse_service.reservations select * from warehouse_service.reservations where order_id = ` + second, "2"},
	},
	"07_confirmed_orders_are_paid_and_held": {
		{"no payment", `delete from payment_service.payments where order_id = ` + first, "payment"},
		{"a payment that failed", `update payment_service.payments set state = 'failed', captured_amount = 0 where order_id = ` + first, "failed"},
		{"another amount", `update payment_service.payments set captured_amount = 999 where order_id = ` + first, "999"},
		{"another currency", `update payment_service.payments set currency = 'EUR' where order_id = ` + first, "captured"},
		{"two payments", `alter table payment_service.payments drop constraint payments_order_id_key, drop constraint payments_pkey cascade;
			insert into payment_service.payments select * from payment_service.payments where order_id = ` + first, "captured, captured"},
		{"stock that is not held", `update warehouse_service.reservations set status = 'released' where order_id = ` + first, "stock"},
		{"stock that is held in part", `update warehouse_service.reservations set quantity = 1 where order_id = ` + first, "stock"},
		{"stock that left too early", `update warehouse_service.reservations set status = 'sold' where order_id = ` + first, "stock"},
		{"stock that never left", `update warehouse_service.reservations set status = 'active' where order_id = ` + third, "stock"},
		{"stock that nobody ordered", `insert into warehouse_service.reservations (order_id, product_id, warehouse_id, quantity, status)
			values (` + first + `, ` + desk + `, ` + london + `, 1, 'active')`, "stock"},
		{"a warehouse that does not know it is paid", `update warehouse_service.fulfilments set status = 'reserved' where order_id = ` + first, "fulfilment"},
		{"a warehouse that does not know it has left", `update warehouse_service.fulfilments set status = 'allocated' where order_id = ` + third, "fulfilment"},
	},
	"08_cancelled_orders_give_everything_back": {
		{"stock that is kept", `update warehouse_service.reservations set status = 'active' where order_id = ` + second, "stock"},
		{"money that is kept", `update payment_service.payments set refunded_amount = 999 where order_id = ` + second, "money"},
		{"money of which a person has only a part in hand", `update payment_service.payments set refunded_amount = 0 where order_id = ` + second + `;
			update payment_service.refunds set status = 'needs_attention', amount = 999`, "money"},
		{"money of which a person keeps only a part", `update payment_service.payments set refunded_amount = 0 where order_id = ` + second + `;
			update payment_service.refunds set status = 'failed', failure_code = 'abandoned', amount = 999`, "money"},
		{"money of a refund that was withdrawn before the order ended", `update payment_service.payments set refunded_amount = 0 where order_id = ` + second + `;
			update payment_service.refunds set status = 'failed', failure_code = 'withdrawn', cause = 'support:k'`, "money"},
		{"money of a refund that the bank refused", `update payment_service.payments set refunded_amount = 0 where order_id = ` + second + `;
			update payment_service.refunds set status = 'failed', failure_code = 'expired_card'`, "money"},
	},
	"09_refunds_are_within_the_capture": {
		{"pending and done are more", `insert into payment_service.refunds (id, payment_id, cause, amount, currency, status, next_at)
			values (gen_random_uuid(), ` + paid + `, 'x', 1, 'USD', 'pending', now()), (gen_random_uuid(), ` + paid + `, 'y', 1000, 'USD', 'done', null)`, "1001"},
	},
	"10_processor_and_payments_agree": {
		{"charged twice", `drop index sandbox.charges_paid_once;` + again("'pi_1'"), "2"},
		{"charged for another payment too", `insert into sandbox.intents (id, client_secret, amount, currency, status, metadata, created_at)
			select 'pi_9', '', amount, currency, status, jsonb_set(metadata, '{payment_id}', '"other"'), created_at from sandbox.intents where id = 'pi_1';` +
			again("'pi_9'"), "1 1000"},
		{"a charge without its payment", `delete from payment_service.payments where order_id = ` + first, "1 1000"},
		{"a payment without its charge", `update sandbox.charges set paid = false where id = 'ch_1'`, "captured 1000"},
		{"another amount", `update sandbox.charges set amount = 999 where id = 'ch_1'`, "999"},
		{"another refund", `update sandbox.charges set refunded = 1 where id = 'ch_1'`, "1000 1 captured"},
	},
	"11_nothing_is_stuck": {
		{"an order past its deadline", `update order_service.orders set status = 'reserved', deadline_at = now() - interval '1 s' where id = ` + first, "open order"},
		{"an order that waits for the warehouse", `update order_service.orders set status = 'cancelling', cancel_reason = '{}' where id = ` + first, "cancelling order"},
		{"a payment without an answer", `update payment_service.payments set state = 'called', captured_amount = 0 where order_id = ` + first, "open payment"},
		{"a refund without an end", `update payment_service.refunds set status = 'pending', next_at = now()`, "open refund"},
		{"a refund that nobody can confirm", `update payment_service.refunds set status = 'awaiting_confirmation'`, "refund awaiting a person"},
		{"stock of a cancelled order", `update warehouse_service.reservations set status = 'active' where order_id = ` + second, "reservation of a cancelled order"},
	},
	"12_orders_are_their_events": {
		{"a gap", `delete from order_service.order_events where seq = 2 and order_id = ` + first, "sequence"},
		{"no beginning", `update order_service.order_events set seq = 4 where seq = 1 and order_id = ` + first + `;
			update order_service.orders set version = 4 where id = ` + first, "sequence"},
		{"another end", `update order_service.orders set version = 4 where id = ` + first, "sequence"},
		{"no order", `delete from order_service.orders where id = ` + first, "sequence"},
		{"no events", `delete from order_service.order_events where order_id = ` + first, "sequence"},
		{"a step that is not allowed", `update order_service.order_events set type = 'order.cancelled' where seq = 2 and order_id = ` + first, "order.cancelled order.confirmed"},
		{"another beginning", `update order_service.order_events set type = 'stock.reserved' where seq = 1 and order_id = ` + first, "step"},
	},
	"13_total_is_its_lines": {
		{"another total", `update order_service.orders set total_amount = 999 where id = ` + first, "999 1000"},
		{"no lines", `delete from order_service.order_items where order_id = ` + first, "1000"},
		{"a line that is not its price", `alter table order_service.order_items drop constraint order_items_check;
			update order_service.order_items set unit_amount = 499`, "1000 1000"},
	},
	"14_idempotency_keys_are_unique": {
		{"two records", `alter table order_service.idempotency_keys drop constraint idempotency_keys_pkey;
			insert into order_service.idempotency_keys select * from order_service.idempotency_keys where key = 'k1'`, "k1 2"},
		{"no reply", `alter table order_service.idempotency_keys alter column body drop not null;
			update order_service.idempotency_keys set body = null where key = 'k2'`, "k2 1"},
	},
	"15_refresh_tokens_are_single": {
		{"a sign-in with two tokens", `alter table user_service.sessions drop constraint sessions_pkey;
			insert into user_service.sessions (id, user_id, generation, refresh_hash, created_at, rotated_at, expires_at, user_agent, address)
			select id, user_id, generation, sha256('other'), created_at, rotated_at, expires_at, '', '' from user_service.sessions limit 1`, "2"},
		{"a token of two sign-ins", `alter table user_service.sessions drop constraint sessions_refresh_hash_key;
			update user_service.sessions set refresh_hash = sha256('1')`, "2"},
	},
}

// again charges an intent as the first one was.
func again(intent string) string {
	return `insert into sandbox.charges select 'ch_9', ` + intent + `, amount, refunded, currency, paid, method, brand, last4, failure, created_at
		from sandbox.charges where id = 'ch_1'`
}

// An invariant that cannot fail says nothing when it holds.
func TestInvariants_EachFindsWhatViolatesIt(t *testing.T) {
	t.Parallel()
	db := marketplace(t)
	all, err := All()
	require.NoError(t, err)
	require.Len(t, violations, len(all))
	for _, invariant := range all {
		require.Empty(t, check(t, db, invariant), "%s, where all is well", invariant.Name)
		require.NotEmpty(t, violations[invariant.Name], invariant.Name)
		for _, v := range violations[invariant.Name] {
			t.Run(invariant.Name+", "+v.what, func(t *testing.T) {
				tx, err := db.Begin(t.Context())
				require.NoError(t, err)
				defer func() { _ = tx.Rollback(context.Background()) }()
				_, err = tx.Exec(t.Context(), "set local session_replication_role = replica;"+v.plant) // no foreign keys, no triggers
				require.NoError(t, err)
				require.Contains(t, strings.Join(check(t, tx, invariant), "\n"), v.finds)
			})
		}
	}
}

// abandoned makes the cancelled order's refund one of a cause that a person has abandoned after the order had ended.
func abandoned(cause string) string {
	return `update payment_service.refunds set status = 'failed', failure_code = 'abandoned', cause = '` + cause + `';
		update payment_service.payments set refunded_amount = 0 where order_id = ` + second + `; update sandbox.charges set refunded = 0`
}

// besides is another refund of the cancelled order's payment.
func besides(cause string, amount int, status, code string) string {
	return fmt.Sprintf(`insert into payment_service.refunds (id, payment_id, cause, amount, currency, status, failure_code)
		values (gen_random_uuid(), %s, '%s', %d, 'USD', '%s', nullif('%s', ''))`, repaid, cause, amount, status, code)
}

// A refund that a person has to settle, has kept, or has given back in another way is no violation.
func TestInvariants_KnowWhatPeopleSettle(t *testing.T) {
	t.Parallel()
	db := marketplace(t)
	all, err := All()
	require.NoError(t, err)
	for name, plant := range map[string]string{
		"needs attention": `update payment_service.refunds set status = 'needs_attention'; update sandbox.charges set refunded = 0;
			update payment_service.payments set refunded_amount = 0, refunding_amount = 1000 where order_id = ` + second,
		"abandoned, the cancellation's": abandoned("order:a0000000-0000-7000-8000-000000000002:cancelled:1"),
		"abandoned, support's":          abandoned("support:k"),
		"abandoned, a return's":         abandoned("return:r"),
		"abandoned, and a part given back after all": abandoned("support:k") + `;` + besides("support:l", 400, "done", "") + `;
			update payment_service.payments set refunded_amount = 400 where order_id = ` + second + `; update sandbox.charges set refunded = 400 where id = 'ch_2'`,
		"withdrawn before the order ended, and given back": besides("support:k", 400, "failed", "withdrawn"),
		"given back by hand, and at the console": `insert into payment_service.refund_acts (id, refund_id, act, actor)
			select gen_random_uuid(), id, 'outside', 'operator:ann' from payment_service.refunds;` + besides("external:re_x", 1000, "needs_attention", "above_capture"),
		"given back by hand": `insert into payment_service.refund_acts (id, refund_id, act, actor)
			select gen_random_uuid(), id, 'outside', 'operator:ann' from payment_service.refunds; update sandbox.charges set refunded = 0`,
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(context.Background()) }()
			_, err = tx.Exec(t.Context(), plant)
			require.NoError(t, err)
			for _, invariant := range all {
				require.Empty(t, check(t, tx, invariant), invariant.Name)
			}
		})
	}
}
