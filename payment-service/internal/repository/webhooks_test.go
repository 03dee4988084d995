package repository

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/migrations"
	"marketplace/shared/outbox"
	"marketplace/shared/testkit"
)

const intent = "pi_1"

var decide = domain.Rules{KeyLife: 23 * time.Hour, AuthenticationTime: 5 * time.Minute}.Decide

func quiet(t *testing.T) (*Payments, *pgxpool.Pool) {
	t.Helper()
	pool := testkit.Database(t, "payment_service", migrations.Files).Pool
	return New(pool, func([]outbox.Record) {}, func() time.Duration { return time.Minute }), pool
}

// stand makes a payment in a state, which is due only later.
func stand(t *testing.T, pool *pgxpool.Pool, state domain.State, uncertain bool, intentID *string) (id, orderID string) {
	t.Helper()
	id, orderID = uuid.NewString(), uuid.NewString()
	_, err := pool.Exec(t.Context(), `insert into payments (id, order_id, amount, currency, method, state, uncertain, intent_id, marked_at, next_at, calls)
		values ($1, $2, 100, 'USD', 'm', $3, $4, $5, now(), now() + interval '1 hour', 3)`, id, orderID, state, uncertain, intentID)
	require.NoError(t, err)
	return id, orderID
}

func is(t *testing.T, pool *pgxpool.Pool, condition, id string) bool {
	t.Helper()
	var yes bool
	require.NoError(t, pool.QueryRow(t.Context(), `select coalesce(`+condition+`, false) from payments where id = $1`, id).Scan(&yes))
	return yes
}

func hint(eventType, paymentID, intentID string) []domain.Hint {
	kind := domain.HintIntent
	if eventType == "payment_intent.payment_failed" || eventType == "payment_intent.canceled" {
		kind = domain.HintNoMoney
	}
	return []domain.Hint{{EventID: uuid.NewString(), Type: eventType, Kind: kind, OccurredAt: time.Now(), PaymentID: paymentID, IntentID: intentID}}
}

func TestHeed_AsksAboutWhatAHintCanChange(t *testing.T) {
	t.Parallel()
	repo, pool := quiet(t)
	for name, c := range map[string]struct {
		state     domain.State
		uncertain bool
		intent    *string
		news      string
		asked     bool
	}{
		"an answer was lost":            {domain.Called, true, nil, "payment_intent.succeeded", true},
		"the issuer takes its time":     {domain.Called, false, new(intent), "payment_intent.succeeded", true},
		"the shopper was asked":         {domain.RequiresAction, false, new(intent), "payment_intent.succeeded", true},
		"to be cancelled":               {domain.Voiding, false, new(intent), "payment_intent.canceled", true},
		"failed, and it says so too":    {domain.Failed, false, new(intent), "payment_intent.payment_failed", false},
		"failed, and paid all the same": {domain.Failed, false, new(intent), "payment_intent.succeeded", true},
		"voided, and now heard of":      {domain.Voided, true, nil, "payment_intent.requires_action", true},
		"voided, and it says so too":    {domain.Voided, true, nil, "payment_intent.canceled", false},
	} {
		t.Run(name, func(t *testing.T) {
			id, _ := stand(t, pool, c.state, c.uncertain, c.intent)
			h := hint(c.news, id, intent)
			saved, err := repo.Heed(t.Context(), append(h, h...), decide)
			require.NoError(t, err)
			require.Equal(t, c.asked, saved.ChargesDue)
			require.Equal(t, c.asked, is(t, pool, `next_at <= now()`, id))
			require.Equal(t, c.asked || c.intent != nil, is(t, pool, `intent_id = 'pi_1'`, id), "an identifier that was not known is")
			saved, err = repo.Heed(t.Context(), h, decide)
			require.NoError(t, err)
			require.Empty(t, saved.Transitions, "each has its effect once")
		})
	}
}

func TestHeed_AnAnswerUnderWayIsNotOvertaken(t *testing.T) {
	t.Parallel()
	repo, pool := quiet(t)
	id, orderID := stand(t, pool, domain.Called, false, nil)
	_, err := pool.Exec(t.Context(), `update payments set state = 'processing', marked_at = null, next_at = now()`)
	require.NoError(t, err)
	tasks, err := repo.Claim(t.Context(), 1, decide)
	require.NoError(t, err)
	require.Equal(t, domain.AskCharge, tasks[0].Ask)
	saved, err := repo.Heed(t.Context(), hint("payment_intent.succeeded", id, intent), decide)
	require.NoError(t, err)
	require.False(t, saved.ChargesDue, "the call that made the intent brings its own answer")
	require.True(t, is(t, pool, `intent_id = 'pi_1' and next_at > now() + interval '30 seconds'`, id))
	saved, err = repo.Update(t.Context(), []domain.Change{{OrderID: orderID, Input: domain.NoCertainAnswer{}}}, decide, 0)
	require.NoError(t, err)
	require.True(t, saved.ChargesDue, "there was none: what the hint told is asked about at once")
	tasks, err = repo.Claim(t.Context(), 1, decide)
	require.NoError(t, err)
	require.Equal(t, domain.AskLook, tasks[0].Ask)
	require.Equal(t, intent, tasks[0].IntentID)
}

// The answer of a call may have been read before what the webhook tells of.
func TestHeed_P26_AnAnswerThatIsOlderThanAHintDoesNotPutItOff(t *testing.T) {
	t.Parallel()
	for name, hinted := range map[string]bool{"a hint came meanwhile": true, "no hint came": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo, pool := quiet(t)
			id, orderID := stand(t, pool, domain.RequiresAction, false, new(intent))
			_, err := pool.Exec(t.Context(), `update payments set next_at = now()`)
			require.NoError(t, err)
			tasks, err := repo.Claim(t.Context(), 1, decide)
			require.NoError(t, err)
			require.Len(t, tasks, 1)
			if hinted {
				_, err = repo.Heed(t.Context(), hint("payment_intent.succeeded", id, intent), decide)
				require.NoError(t, err)
			}
			saved, err := repo.Update(t.Context(), []domain.Change{{
				OrderID: orderID, Input: domain.Fact{Kind: domain.FactRequiresAction, IntentID: intent}, Answer: true,
			}}, decide, 0)
			require.NoError(t, err)
			require.Equal(t, hinted, saved.ChargesDue)
			require.Equal(t, hinted, is(t, pool, `next_at <= now()`, id))
		})
	}
}

// The fence held, or so it was answered, and before that could be saved a webhook named an intent. The money must not be
// forgotten.
func TestHeed_P24_AnIntentThatShowsItselfMeanwhileIsRead(t *testing.T) {
	t.Parallel()
	repo, pool := quiet(t)
	id, orderID := stand(t, pool, domain.Called, true, nil)
	_, err := pool.Exec(t.Context(), `update payments set next_at = now(), unwanted = true`)
	require.NoError(t, err)
	tasks, err := repo.Claim(t.Context(), 1, decide)
	require.NoError(t, err)
	require.Equal(t, domain.AskFence, tasks[0].Ask)
	_, err = repo.Heed(t.Context(), hint("payment_intent.succeeded", id, intent), decide)
	require.NoError(t, err)
	saved, err := repo.Update(t.Context(), []domain.Change{{OrderID: orderID, Input: domain.Fact{Kind: domain.FactCanceled}}}, decide, 0)
	require.NoError(t, err)
	require.True(t, saved.ChargesDue)
	tasks, err = repo.Claim(t.Context(), 1, decide)
	require.NoError(t, err)
	require.Equal(t, domain.Called, tasks[0].State, "it is not over")
	require.Equal(t, domain.AskLook, tasks[0].Ask)
	require.Equal(t, intent, tasks[0].IntentID)
}

// A hint about a payment leaves its refunds as they are, also when nobody has read them.
func TestHeed_KeepsWhatWasRefunded(t *testing.T) {
	t.Parallel()
	repo, pool := quiet(t)
	id, orderID := stand(t, pool, domain.Called, false, new(intent))
	_, err := pool.Exec(t.Context(), `update payments set state = 'captured', captured_amount = 100, refunded_amount = 40, next_at = now()`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `insert into refunds (id, payment_id, cause, amount, currency, status) values ($1, $2, 'support:x', 40, 'USD', 'done')`,
		uuid.NewString(), id)
	require.NoError(t, err)
	_, err = repo.Claim(t.Context(), 1, decide) // nobody makes it due, and if somebody did it would be put away
	require.NoError(t, err)
	require.True(t, is(t, pool, `next_at is null and refunded_amount = 40`, id))
	_, err = repo.Heed(t.Context(), hint("payment_intent.succeeded", id, intent), decide)
	require.NoError(t, err)
	_, err = repo.Update(t.Context(), []domain.Change{{OrderID: orderID, Input: domain.OrderCancelled{}}}, decide, 0)
	require.NoError(t, err)
	require.True(t, is(t, pool, `refunded_amount = 40 and refunding_amount = 60`, id))
}

// A bank takes its time, so that a refund is looked up ever more seldom: unless the processor has just told of it.
func TestUpdate_ARefundThatIsNotSettledIsDueByWhatIsKnownOfIt(t *testing.T) {
	t.Parallel()
	for name, hinted := range map[string]bool{"a hint came meanwhile": true, "no hint came": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo, pool := quiet(t)
			id, orderID := stand(t, pool, domain.Called, false, new(intent))
			refund, cause := uuid.NewString(), domain.CauseCancelled(orderID, 1)
			_, err := pool.Exec(t.Context(), `update payments set state = 'captured', captured_amount = 100, refunding_amount = 100, next_at = null`)
			require.NoError(t, err)
			_, err = pool.Exec(t.Context(), `insert into refunds (id, payment_id, cause, amount, currency, status, provider_refund_id, next_at, calls)
				values ($1, $2, $3, 100, 'USD', 'pending', 're_1', now(), 9)`, refund, id, cause)
			require.NoError(t, err)
			tasks, err := repo.ClaimRefunds(t.Context(), 1)
			require.NoError(t, err)
			require.Len(t, tasks, 1)
			if hinted {
				_, err = repo.Heed(t.Context(), []domain.Hint{{EventID: "evt", Type: "refund.updated", OccurredAt: time.Now(), PaymentID: id, RefundID: refund, Kind: domain.HintRefund}}, decide)
				require.NoError(t, err)
			}
			_, err = repo.Update(t.Context(), []domain.Change{{
				OrderID: orderID, Input: domain.RefundUnsettled{Cause: cause, ProviderID: "re_1"}, Answer: true,
			}}, decide, 0)
			require.NoError(t, err)
			var wait float64
			require.NoError(t, pool.QueryRow(t.Context(), `select extract(epoch from next_at - now())::float8 from refunds`).Scan(&wait))
			if hinted {
				require.LessOrEqual(t, wait, 0.0)
			} else {
				require.InDelta(t, 512, wait, 30, "2^9 s after the tenth call, not the lease of a minute")
			}
		})
	}
}
