package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { http.DefaultClient.CloseIdleConnections() }))
}

// answer is one reply of the API.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
	err    error
}

func (a answer) object(t *testing.T, path ...string) map[string]any {
	t.Helper()
	o := a.json
	for _, name := range path {
		var ok bool
		o, ok = o[name].(map[string]any)
		require.True(t, ok, "%s in %s", name, a.body)
	}
	return o
}

// call sends a form as a client library does. Every call has a connection of its own, so that nothing is sent twice.
func call(method, address, key string, form url.Values) answer {
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{err: err}
	}
	req.Close = true
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(sandboxtest.Key, "")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	a := answer{status: res.StatusCode, header: res.Header, body: string(body), err: err}
	_ = json.Unmarshal(body, &a.json)
	return a
}

func payment(id, method string) url.Values {
	return url.Values{
		"amount": {"1299"}, "currency": {"usd"}, "payment_method": {method}, "payment_method_types[]": {"card"},
		"confirm": {"true"}, "metadata[payment_id]": {id},
	}
}

func TestIdempotency_SameKeySameReply(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	for _, method := range []string{"pm_card_visa", "pm_card_chargeDeclined"} {
		first := call("POST", s.URL+"/v1/payment_intents", "key-"+method, payment(method, method))
		require.NoError(t, first.err)
		require.Empty(t, first.header.Get("Idempotent-Replayed"))
		again := call("POST", s.URL+"/v1/payment_intents", "key-"+method, payment(method, method))
		require.Equal(t, first.status, again.status)
		require.Equal(t, first.body, again.body, "byte for byte")
		require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
		require.Equal(t, first.header.Get("Request-Id"), again.header.Get("Original-Request"))
		require.Equal(t, 1, s.Count(`SELECT count(*) FROM intents WHERE payment_id = $1`, method))
	}
}

func TestIdempotency_OtherParameters(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	require.Equal(t, 200, call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")).status)
	other := payment("p1", "pm_card_visa")
	other.Set("amount", "1300")
	got := call("POST", s.URL+"/v1/payment_intents", "k", other)
	require.Equal(t, 400, got.status)
	require.Equal(t, "idempotency_error", got.object(t, "error")["type"])
	require.Equal(t, 1, s.Count(`SELECT count(*) FROM intents`))
}

func TestIdempotency_RefusedBeforeExecutionIsNotKept(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	wrong := payment("p1", "pm_card_visa")
	wrong.Set("amount", "-5")
	got := call("POST", s.URL+"/v1/payment_intents", "k", wrong)
	require.Equal(t, 400, got.status)
	require.Equal(t, "amount", got.object(t, "error")["param"])
	right := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
	require.Equal(t, 200, right.status, right.body)
}

// A key is compared before anything else of a request is looked at: what is kept goes before a refusal.
func TestIdempotency_AKeyIsComparedBeforeTheRequestIsValidated(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	change := func(name, value string) url.Values {
		p := payment("p1", "pm_card_visa")
		p.Set(name, value)
		return p
	}
	for first, kept := range map[string]url.Values{
		"succeeded": payment("p1", "pm_card_visa"), "declined": payment("p1", "pm_card_chargeDeclined"), "not confirmed": change("confirm", "false"),
	} {
		was := call("POST", s.URL+"/v1/payment_intents", first, kept)
		require.Contains(t, []int{200, 402}, was.status, was.body)
		for name, other := range map[string]url.Values{
			"other parameters": change("amount", "1300"), "an invalid amount": change("amount", "-5"), "an unknown parameter": change("amuont", "5"),
			"an unknown card": change("payment_method", "pm_of_nobody"), "no parameters": {}, "metadata that nest": change("metadata[a][b]", "c"),
		} {
			got := call("POST", s.URL+"/v1/payment_intents", first, other)
			require.Equal(t, 400, got.status, "%s, %s: %s", first, name, got.body)
			require.Equal(t, "idempotency_error", got.object(t, "error")["type"], "%s, %s", first, name)
			require.Empty(t, got.header.Get("Idempotent-Replayed"))
		}
		elsewhere := call("POST", s.URL+"/v1/refunds", first, url.Values{"payment_intent": {"pi_nope"}})
		require.Equal(t, "idempotency_error", elsewhere.object(t, "error")["type"], "another endpoint")
		again := call("POST", s.URL+"/v1/payment_intents", first, kept)
		require.Equal(t, was.body, again.body, "and what is kept stays so")
	}
	_, err := s.DB.Pool.Exec(t.Context(), `UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`)
	require.NoError(t, err)
	forgotten := call("POST", s.URL+"/v1/payment_intents", "succeeded", change("amount", "-5"))
	require.Equal(t, "amount", forgotten.object(t, "error")["param"], "a key that is forgotten is compared with nothing")
}

// With its key taken by a request that is not confirmed, a charge can never happen; with the key taken by the charge, the other
// is refused. Whoever comes first decides.
func TestIdempotency_P57_OneOfAChargeAndItsFenceIsRefused(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	for i := range 20 {
		key := fmt.Sprint("key-", i)
		charge, fence := payment(key, "pm_card_visa"), payment(key, "pm_card_visa")
		fence.Set("confirm", "false")
		var both [2]answer
		var wg sync.WaitGroup
		for j, form := range []url.Values{charge, fence} {
			wg.Go(func() { both[j] = call("POST", s.URL+"/v1/payment_intents", key, form) })
		}
		wg.Wait()
		for j, other := range []int{1, 0} {
			if both[j].status == 200 {
				require.Contains(t, []int{400, 409}, both[other].status, both[other].body)
				require.Equal(t, "idempotency_error", both[other].object(t, "error")["type"])
				paid := s.Count(`SELECT count(*) FROM charges c JOIN intents i ON i.id = c.intent_id WHERE paid AND payment_id = $1`, key)
				require.Equal(t, j == 0, paid == 1)
			}
		}
		require.Equal(t, 1, s.Count(`SELECT count(*) FROM intents WHERE payment_id = $1`, key))
	}
}

func TestIdempotency_InProgress(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	s.Fault(faults.Rule{Effect: faults.DelayBefore, DelayMS: 1500})
	slow := make(chan answer, 1)
	go func() { slow <- call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")) }()
	testkit.Eventually(t, time.Minute, func() bool { return s.Hits() == 1 })
	busy := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
	require.Equal(t, 409, busy.status)
	require.Equal(t, "idempotency_key_in_use", busy.object(t, "error")["code"])
	first := <-slow
	require.Equal(t, 200, first.status)
	again := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
	require.Equal(t, first.body, again.body)
	require.Equal(t, 1, s.Count(`SELECT count(*) FROM charges WHERE paid`))
}

func TestIdempotency_RaceHasOneEffect(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	var wg sync.WaitGroup
	answers := make([]answer, 20)
	for i := range answers {
		wg.Go(func() { answers[i] = call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")) })
	}
	wg.Wait()
	for _, a := range answers {
		require.Contains(t, []int{200, 409}, a.status, a.body)
	}
	require.Equal(t, 1, s.Count(`SELECT count(*) FROM intents`))
}

func TestIdempotency_RaceBetweenProcessesHasOneEffect(t *testing.T) {
	t.Parallel()
	one := sandboxtest.Start(t)
	two := sandboxtest.StartOn(t, one.DB)
	paid := call("POST", one.URL+"/v1/payment_intents", "paid", payment("paid", "pm_card_visa"))
	refund := url.Values{"payment_intent": {paid.json["id"].(string)}, "amount": {"100"}}
	var wg sync.WaitGroup
	for _, s := range []*sandboxtest.Sandbox{one, two, one, two, one, two} {
		wg.Go(func() {
			a := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
			assert.Contains(t, []int{200, 409}, a.status, a.body)
			a = call("POST", s.URL+"/v1/refunds", "r", refund)
			assert.Contains(t, []int{200, 409}, a.status, a.body)
		})
	}
	wg.Wait()
	require.Equal(t, 1, one.Count(`SELECT count(*) FROM intents WHERE payment_id = 'p1'`))
	require.Equal(t, 1, one.Count(`SELECT count(*) FROM refunds`))
}

func TestIdempotency_KeysExpire(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	require.Equal(t, 200, call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")).status)
	_, err := s.DB.Pool.Exec(t.Context(), `UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`)
	require.NoError(t, err)
	again := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
	require.Equal(t, 200, again.status)
	require.Empty(t, again.header.Get("Idempotent-Replayed"))
	require.Equal(t, 2, s.Count(`SELECT count(*) FROM intents`), "a forgotten key executes again: the caller must look first")
}

func TestFaults_ChargeThenDropReplays(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	s.Fault(faults.Rule{Effect: faults.ChargeThenDrop, Match: faults.Match{Metadata: map[string]string{"payment_id": "p1"}}})
	require.Error(t, call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")).err)
	require.Equal(t, 1, s.Count(`SELECT count(*) FROM charges WHERE paid`), "the money is gone all the same")
	again := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
	require.Equal(t, 200, again.status)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, "succeeded", again.json["status"])
	require.Equal(t, 1, s.Count(`SELECT count(*) FROM charges WHERE paid`))
}

func TestFaults_DropBeforeHasNoEffect(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	s.Fault(faults.Rule{Effect: faults.DropBefore})
	require.Error(t, call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")).err)
	require.Zero(t, s.Count(`SELECT count(*) FROM intents`))
	require.Equal(t, 200, call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")).status)
}

func TestFaults_Errors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule          faults.Rule
		intents, then int
	}{
		"before, kept":    {faults.Rule{Effect: faults.ErrorBefore}, 0, 500},
		"after, kept":     {faults.Rule{Effect: faults.ErrorAfter}, 1, 500},
		"before, unsaved": {faults.Rule{Effect: faults.ErrorBefore, Unsaved: true}, 0, 200},
		"after, unsaved":  {faults.Rule{Effect: faults.ErrorAfter, Unsaved: true}, 1, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sandboxtest.Start(t)
			s.Fault(c.rule)
			first := call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa"))
			require.Equal(t, 500, first.status)
			require.Equal(t, "api_error", first.object(t, "error")["type"])
			require.Equal(t, c.intents, s.Count(`SELECT count(*) FROM intents`))
			require.Equal(t, c.then, call("POST", s.URL+"/v1/payment_intents", "k", payment("p1", "pm_card_visa")).status)
			require.LessOrEqual(t, s.Count(`SELECT count(*) FROM charges WHERE paid`), 1)
		})
	}
}

func TestRefunds_ParallelNeverExceedTheCharge(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	in := call("POST", s.URL+"/v1/payment_intents", "", payment("p1", "pm_card_visa"))
	id := in.json["id"].(string)
	var wg sync.WaitGroup
	answers := make([]answer, 20)
	for i := range answers {
		wg.Go(func() {
			answers[i] = call("POST", s.URL+"/v1/refunds", "", url.Values{"payment_intent": {id}, "amount": {"400"}})
		})
	}
	wg.Wait()
	done := 0
	for _, a := range answers {
		if a.status == 200 {
			done++
			continue
		}
		require.Equal(t, 400, a.status, a.body)
		require.Equal(t, "invalid_request_error", a.object(t, "error")["type"])
	}
	require.Equal(t, 3, done)
	require.Equal(t, 1200, s.Count(`SELECT sum(amount) FROM refunds`))
	rest := call("POST", s.URL+"/v1/refunds", "", url.Values{"payment_intent": {id}})
	require.EqualValues(t, 99, rest.json["amount"], "without an amount: all that is left")
	none := call("POST", s.URL+"/v1/refunds", "", url.Values{"payment_intent": {id}})
	require.Equal(t, "charge_already_refunded", none.object(t, "error")["code"])
}

func TestErrors_Shapes(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	unknown := payment("p1", "pm_card_visa")
	unknown.Set("amuont", "5")
	for name, c := range map[string]struct {
		got    answer
		status int
		fields map[string]any
	}{
		"unknown parameter": {call("POST", s.URL+"/v1/payment_intents", "", unknown), 400, map[string]any{"code": "parameter_unknown", "param": "amuont"}},
		"unknown method":    {call("POST", s.URL+"/v1/payment_intents", "", payment("p1", "pm_nope")), 400, map[string]any{"code": "resource_missing", "param": "payment_method"}},
		"unknown intent":    {call("GET", s.URL+"/v1/payment_intents/pi_nope", "", nil), 404, map[string]any{"code": "resource_missing"}},
		"unknown refunded":  {call("POST", s.URL+"/v1/refunds", "", url.Values{"payment_intent": {"pi_nope"}}), 400, map[string]any{"param": "payment_intent"}},
		"unknown path":      {call("GET", s.URL+"/v1/customers", "", nil), 404, map[string]any{"type": "invalid_request_error"}},
		"long key":          {call("POST", s.URL+"/v1/payment_intents", strings.Repeat("k", 256), payment("p1", "pm_card_visa")), 400, map[string]any{"type": "invalid_request_error"}},
		"declined":          {call("POST", s.URL+"/v1/payment_intents", "", payment("p1", "pm_card_visa_chargeDeclinedInsufficientFunds")), 402, map[string]any{"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}},
	} {
		require.Equal(t, c.status, c.got.status, "%s: %s", name, c.got.body)
		for field, want := range c.fields {
			require.Equal(t, want, c.got.object(t, "error")[field], "%s: %s", name, c.got.body)
		}
		require.NotEmpty(t, c.got.header.Get("Request-Id"), name)
	}
	res, err := http.Post(s.URL+"/v1/payment_intents", "", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 401, res.StatusCode)
}
