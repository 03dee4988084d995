package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/config"
	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/testkit"
)

// Each bad request gets its own stable answer, has no effect, and is never repeated to its sender.
func TestPlace_BadInputHasAnAnswerAndNoEffect(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.customer()
	lamp := s.catalogue.lamp()
	euro := s.catalogue.add(500, "EUR", productv1.Status_STATUS_ACTIVE)
	archived := s.catalogue.add(500, "USD", productv1.Status_STATUS_ARCHIVED)
	draft := s.catalogue.add(500, "USD", productv1.Status_STATUS_DRAFT)
	gold := s.catalogue.add(99_999_999, "USD", productv1.Status_STATUS_ACTIVE)
	cent := s.catalogue.add(1, "USD", productv1.Status_STATUS_ACTIVE)
	dinar := s.catalogue.add(1005, "KWD", productv1.Status_STATUS_ACTIVE) // from before prices had a step
	pound := s.catalogue.add(500, "GBP", productv1.Status_STATUS_ACTIVE)  // from before the shop took other currencies
	unknown := uuid.NewString()
	const canary = "Kanarienvogel"
	good := body(item(lamp, 1))
	many := strings.TrimSuffix(strings.Repeat(item(lamp, 1)+",", 101), ",")

	for name, c := range map[string]struct {
		body     string
		headers  []string
		status   int
		code     string
		location string
	}{
		"malformed JSON":        {body: `{"items":[` + canary, status: 400, code: "malformed"},
		"no body":               {body: "", status: 400, code: "malformed"},
		"null":                  {body: "null", status: 422, code: "invalid"},
		"a list":                {body: "[]", status: 422, code: "invalid"},
		"not JSON":              {body: good, headers: []string{"Content-Type", "text/plain"}, status: 415, code: "unsupported_media_type"},
		"two bodies":            {body: good + good, status: 400, code: "malformed"},
		"null items":            {body: strings.Replace(good, "["+item(lamp, 1)+"]", "null", 1), status: 422, code: "invalid", location: "body.items"},
		"no items":              {body: body(""), status: 422, code: "invalid", location: "body.items"},
		"more than 100 lines":   {body: body(many), status: 422, code: "invalid", location: "body.items"},
		"a field too many":      {body: strings.Replace(good, `{"items"`, `{"status":"`+canary+`","items"`, 1), status: 422, code: "invalid", location: "body"},
		"a price of one's own":  {body: body(`{"product_id":"` + lamp + `","quantity":1,"unit_price":{"amount":1,"currency":"USD"}}`), status: 422, code: "invalid", location: "body.items[0]"},
		"other case":            {body: strings.Replace(good, `"items"`, `"ITEMS"`, 1), status: 422, code: "invalid"},
		"a string for a number": {body: body(`{"product_id":"` + lamp + `","quantity":"` + canary + `"}`), status: 422, code: "invalid", location: "body.items[0].quantity"},
		"a fraction":            {body: body(`{"product_id":"` + lamp + `","quantity":1.5}`), status: 422, code: "invalid", location: "body.items[0].quantity"},
		"quantity 0":            {body: body(item(lamp, 0)), status: 422, code: "invalid", location: "body.items[0].quantity"},
		"a negative quantity":   {body: body(item(lamp, -1)), status: 422, code: "invalid", location: "body.items[0].quantity"},
		"quantity 1001":         {body: body(item(lamp, 1001)), status: 422, code: "invalid", location: "body.items[0].quantity"},
		"a huge quantity":       {body: body(`{"product_id":"` + lamp + `","quantity":1e300}`), status: 422, code: "invalid"},
		"2^64":                  {body: body(`{"product_id":"` + lamp + `","quantity":18446744073709551616}`), status: 422, code: "invalid"},
		"1001 in two lines":     {body: body(item(lamp, 1000) + "," + item(lamp, 1)), status: 422, code: "invalid", location: "body.items"},
		"no UUID":               {body: body(item(canary, 1)), status: 422, code: "invalid", location: "body.items[0].product_id"},
		"an id in capitals":     {body: body(item(lamp, 1) + "," + item(strings.ToUpper(lamp), 1)), status: 422, code: "invalid", location: "body.items[1].product_id"},
		"a UUID in braces":      {body: body(item("{"+lamp+"}", 1)), status: 422, code: "invalid", location: "body.items[0].product_id"},
		"an unknown product":    {body: body(item(lamp, 1) + "," + item(unknown, 1)), status: 422, code: "product_unavailable", location: "body.items[1].product_id"},
		"an archived product":   {body: body(item(archived, 1)), status: 422, code: "product_unavailable", location: "body.items[0].product_id"},
		"a draft":               {body: body(item(draft, 1)), status: 422, code: "product_unavailable", location: "body.items[0].product_id"},
		"mixed currencies":      {body: body(item(lamp, 1) + "," + item(euro, 1)), status: 422, code: "mixed_currencies"},
		"too much for a card":   {body: body(item(gold, 2)), status: 422, code: "total_too_large"},
		"too little for a card": {body: body(item(cent, 49)), status: 422, code: "total_too_small"},
		"too fine for a card":   {body: body(item(dinar, 1)), status: 422, code: "total_step"},
		"a currency not taken":  {body: body(item(pound, 1)), status: 422, code: "currency_unsupported"},
		"no address":            {body: strings.Replace(good, `"shipping_address":`+address+`,`, "", 1), status: 422, code: "invalid", location: "body"},
		"a null address":        {body: strings.Replace(good, address, "null", 1), status: 422, code: "invalid", location: "body.shipping_address"},
		"a null country":        {body: strings.Replace(good, `"GB"`, "null", 1), status: 422, code: "invalid", location: "body.shipping_address.country"},
		"a null product":        {body: body(`{"product_id":null,"quantity":1}`), status: 422, code: "invalid", location: "body.items[0].product_id"},
		"half a surrogate pair": {body: strings.Replace(good, "Ada", `\ud83d`, 1), status: 400, code: "malformed"},
		"not UTF-8":             {body: strings.Replace(good, "Ada", "\xff", 1), status: 400, code: "malformed"},
		"no such country":       {body: strings.Replace(good, `"GB"`, `"`+canary+`"`, 1), status: 422, code: "invalid", location: "body.shipping_address.country"},
		"a NUL in a name":       {body: strings.Replace(good, "Ada", `A\u0000da`, 1), status: 422, code: "invalid_text"},
		"a long name":           {body: strings.Replace(good, "Ada", strings.Repeat("A", 201), 1), status: 422, code: "invalid", location: "body.shipping_address.name"},
		"no payment method":     {body: strings.Replace(good, `,"payment_method_id":"pm_card_visa"`, "", 1), status: 422, code: "invalid", location: "body"},
		"a card number":         {body: strings.Replace(good, "pm_card_visa", "4242 4242 4242 4242", 1), status: 422, code: "invalid", location: "body.payment_method_id"},
		"no key":                {body: good, headers: []string{"Idempotency-Key", ""}, status: 422, code: "idempotency_key_required", location: "header.Idempotency-Key"},
		"a long key":            {body: good, headers: []string{"Idempotency-Key", strings.Repeat("k", 256)}, status: 422, code: "invalid", location: "header.Idempotency-Key"},
		"too large":             {body: strings.Replace(good, "Ada", strings.Repeat("A", 1<<20), 1), status: 413, code: "body_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := append([]string{"Idempotency-Key", key()}, c.headers...)
			r := p.call(http.MethodPost, "/api/v1/orders", c.body, headers...)
			require.Equal(t, c.status, r.Status, r.Body)
			got := r.problem(t)
			require.Equal(t, c.code, got.Code, r.Body)
			if c.location != "" {
				require.NotEmpty(t, got.Errors, r.Body)
				require.Equal(t, c.location, got.Errors[0].Location, r.Body)
			}
			for _, secret := range []string{canary, lamp, unknown, archived, "4242", "18446744073709551616"} {
				require.NotContains(t, r.Body, secret)
			}
		})
	}
	s.nothingHappened()
}

func TestOrders_BadPathsAndQueries(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.customer()
	o := p.place(item(s.catalogue.lamp(), 1))
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "/api/v1/orders/nonsense", "", 404, "not_found"},
		{"GET", "/api/v1/orders/" + uuid.NewString(), "", 404, "not_found"},
		{"GET", "/api/v1/orders/nonsense/events", "", 404, "not_found"},
		{"POST", "/api/v1/orders/nonsense/cancel", "{}", 404, "not_found"},
		{"POST", "/api/v1/orders/" + uuid.NewString() + "/cancel", "{}", 404, "not_found"},
		{"POST", "/api/v1/orders/" + o.ID + "/cancel", `{"reason":1}`, 422, "invalid"},
		{"POST", "/api/v1/orders/" + o.ID + "/cancel", `{"reason":"` + strings.Repeat("x", 501) + `"}`, 422, "invalid"},
		{"POST", "/api/v1/orders/" + o.ID + "/cancel", `{"status":"x"}`, 422, "invalid"},
		{"POST", "/api/v1/orders/" + o.ID + "/cancel", `{"reason":"\u0000"}`, 422, "invalid_text"},
		{"GET", "/api/v1/orders/" + o.ID + "?wait=31s", "", 422, "invalid"},
		{"GET", "/api/v1/orders/" + o.ID + "?wait=forever", "", 422, "invalid"},
		{"GET", "/api/v1/orders/" + o.ID + "?wait=-1s", "", 422, "invalid"},
		{"GET", "/api/v1/orders?limit=0", "", 422, "invalid"},
		{"GET", "/api/v1/orders?limit=101", "", 422, "invalid"},
		{"GET", "/api/v1/orders?status=lost", "", 422, "invalid"},
		{"GET", "/api/v1/orders?cursor=nonsense", "", 422, "cursor_invalid"},
		{"GET", "/api/v1/orders?cursor=eyJpZCI6IngifQ", "", 422, "cursor_invalid"},
		{"GET", "/api/v1/orders?scope=all", "", 403, "role_missing"},
		{"PUT", "/api/v1/orders", "{}", 405, "method_not_allowed"},
		{"DELETE", "/api/v1/orders/" + o.ID, "", 405, "method_not_allowed"},
		{"GET", "/api/v1/nothing", "", 404, "route_not_found"},
	} {
		t.Run(fmt.Sprint(c.method, c.path, c.status), func(t *testing.T) {
			r := p.call(c.method, c.path, c.body)
			require.Equal(t, c.status, r.Status, r.Body)
			require.Equal(t, c.code, r.problem(t).Code)
		})
	}
	require.Equal(t, o, p.get(o.ID))
}

func TestPlace_LinesOfOneProductAreMerged(t *testing.T) {
	t.Parallel()
	s := open(t)
	lamp, desk := s.catalogue.lamp(), s.catalogue.lamp()
	o := s.customer().place(item(lamp, 1) + "," + item(desk, 1) + "," + item(lamp, 2))
	require.Len(t, o.Items, 2)
	require.EqualValues(t, 3, o.Items[0].Quantity)
	require.EqualValues(t, 2000, o.Total.Amount)
}

func TestPlace_WithoutTheCatalogueNothingIsLost(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, lamp, k := s.customer(), s.catalogue.lamp(), key()
	s.catalogue.away.Store(true)
	r := p.call(http.MethodPost, "/api/v1/orders", body(item(lamp, 1)), "Idempotency-Key", k)
	require.Equal(t, http.StatusServiceUnavailable, r.Status, r.Body)
	require.Equal(t, "catalogue_unavailable", r.problem(t).Code)
	require.NotEmpty(t, r.Header.Get("Retry-After"))
	s.nothingHappened()

	s.catalogue.away.Store(false)
	testkit.Eventually(t, within, func() bool {
		return p.call(http.MethodPost, "/api/v1/orders", body(item(lamp, 1)), "Idempotency-Key", k).Status == http.StatusCreated
	})
}

func TestPlace_AHangingCatalogueIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.MaxConns = 1 })
	p, lamp := s.customer(), s.catalogue.lamp()
	o := p.place(item(lamp, 1))
	hold := make(chan struct{})
	s.catalogue.hold.Store(&hold)
	answered := make(chan reply, 1)
	go func() {
		r, _ := p.try(http.MethodPost, "/api/v1/orders", body(item(lamp, 1)), "Idempotency-Key", key())
		answered <- r
	}()
	testkit.Eventually(t, within, func() bool { return s.catalogue.calls.Load() == 2 })
	require.Equal(t, o, p.get(o.ID), "the only connection is free while the catalogue is asked")
	require.Equal(t, http.StatusServiceUnavailable, (<-answered).Status)
	close(hold)
}
