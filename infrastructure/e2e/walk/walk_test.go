package walk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/infrastructure/e2e/invariants"
)

// quietWithin is how long the marketplace may take to finish what was begun.
const quietWithin = 30 * time.Second

// walk is a marketplace with something in every list, and the document of it.
type walk struct {
	*cluster.Cluster
	*document

	person *client.Client    // has every role
	known  map[string]string // ids of things that exist, and other values that a body needs, by the names of their fields

	countries int // fields for a country that were tried

	mu     sync.Mutex
	tried  map[string]int // requests by operation
	broken []string       // replies that no client may cause
	cached []string       // replies to somebody that a cache might keep for others
}

// The walk has one person with every role, so that no probe ends at a policy. One part is about a person without any.
func TestWalk(t *testing.T) {
	t.Parallel()
	w := begin(t)
	t.Run("null", w.null)
	t.Run("unicode", w.unicode)
	t.Run("ids", w.ids)
	t.Run("texts", w.texts)
	t.Run("cursors", w.cursors)
	t.Run("queries", w.queries)
	t.Run("HEAD and If-None-Match", w.reads)
	t.Run("content types", w.contentTypes)
	t.Run("bounds", w.bounds)
	t.Run("tokens", w.tokens)
	t.Run("roles", w.roles)
	t.Run("expect", w.expect)
	t.Run("keys", w.keys)
	t.Run("every operation was tried", w.whole)
	t.Run("invariants", func(t *testing.T) { invariants.Hold(t, w.DB, quietWithin) })
}

// whole is about the walk itself: nothing was left out, and nothing broke.
func (w *walk) whole(t *testing.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.operations {
		require.GreaterOrEqual(t, w.tried[o.name()], leastTries, "requests to %s", o.name())
	}
	require.Len(t, w.tried, len(w.operations))
	require.Empty(t, w.broken, "replies of 5xx")
	require.Empty(t, w.cached, "replies to somebody without Cache-Control: no-store")
}

// leastTries is how often every operation is tried at least: unknown and broken queries, tokens.
const leastTries = 4

func begin(t *testing.T) *walk {
	t.Helper()
	many := []string{
		"REGISTRATIONS_PER_ADDRESS=100000", "LOGINS_PER_ADDRESS=100000", "LOGINS_PER_ACCOUNT=100000", "LOGINS_PER_ACCOUNT_EVERYWHERE=1000000",
	}
	w := &walk{
		Cluster: cluster.Start(t, cluster.Options{Env: map[string][]string{"user-service": many}}),
		known:   map[string]string{}, tried: map[string]int{},
	}
	w.person = w.Anyone().Staff(t, w.Admin(t), "seller", "warehouse", "support", "admin")
	w.fill(t)
	w.document = w.open(t)
	return w
}

// fill puts two things at least into every list, so that each has a second page.
func (w *walk) fill(t *testing.T) {
	t.Helper()
	warehouse := w.person.Warehouse(t)
	w.person.Warehouse(t)
	var products []string
	for i := range 2 {
		product := w.person.Product(t, 1000)
		products = append(products, product)
		w.person.Supply(t, warehouse, client.Item{ProductID: product, Quantity: 100})
		var category struct{ ID string }
		w.person.Do(t, http.MethodPost, "/api/v1/categories", map[string]any{"name": fmt.Sprintf("Category %d", i)}, client.Key()).
			Want(t, http.StatusCreated).Into(t, &category)
		w.known["category_id"] = category.ID
		placed := w.person.Place(t, client.OrderOf(product, 1, "pm_card_visa"))
		require.Equal(t, "confirmed", w.person.Settled(t, placed.ID).Status)
		require.Eventually(t, func() bool { return len(w.person.Shipments(t, placed.ID)) == 1 }, quietWithin, 50*time.Millisecond)
		w.known["order_id"] = placed.ID
	}
	w.known["product_id"], w.known["warehouse_id"] = products[0], warehouse
}

// open reads the document once all services are in it: the gateway asks again while a service is still starting.
func (w *walk) open(t *testing.T) *document {
	t.Helper()
	var body []byte
	require.Eventually(t, func() bool {
		body = w.Anyone().Do(t, http.MethodGet, "/openapi.json", nil).Want(t, http.StatusOK).Body
		return !slices.ContainsFunc([]string{"users", "products", "orders", "payments", "warehouses"}, func(resource string) bool {
			return !bytes.Contains(body, []byte(`"/api/v1/`+resource+`"`))
		})
	}, quietWithin, 50*time.Millisecond, "all five services are in the document")
	d, err := read(body)
	require.NoError(t, err)
	require.Equal(t, bytes.Count(body, []byte(`"operationId":`)), len(d.operations), "operations that were read")
	require.Greater(t, len(d.operations), 50)
	return d
}

// request is what a probe sends beside the operation's own parts.
type request struct {
	ids     map[string]string // in the path, by their parameters; unknown ones otherwise
	query   string            // raw; the required parameters come on top
	body    any
	headers []client.Header
	as      *client.Client // the person with every role otherwise
}

// send sends one request and keeps count.
func (w *walk) send(t *testing.T, o *operation, r request) client.Reply {
	t.Helper()
	return w.sendAs(t, o.Method, o, r)
}

func (w *walk) sendAs(t *testing.T, method string, o *operation, r request) client.Reply {
	t.Helper()
	as := r.as
	if as == nil {
		as = w.person
	}
	headers := r.headers
	for _, p := range o.in("header") {
		switch {
		case slices.ContainsFunc(headers, func(h client.Header) bool { return h.Name == p.Name }):
		case p.Name == "Idempotency-Key":
			headers = append(headers, client.Key())
		case p.Name == "If-Match":
			headers = append(headers, client.Header{Name: p.Name, Value: `"1"`})
		}
	}
	path := o.target(r.ids, r.query)
	reply := as.Do(t, method, path, r.body, headers...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried[o.name()]++
	if reply.Status >= http.StatusInternalServerError {
		w.broken = append(w.broken, fmt.Sprintf("%s %s: %s", method, path, reply))
	}
	if o.needsToken() && (reply.Status < 300 || reply.Status == http.StatusNotFound) && reply.Header.Get("Cache-Control") != "no-store" {
		w.cached = append(w.cached, fmt.Sprintf("%s %s: %d", method, path, reply.Status))
	}
	return reply
}

// target is the path and the query of a request.
func (o *operation) target(ids map[string]string, query string) string {
	path := o.Path
	for _, p := range o.in("path") {
		value := ids[p.Name]
		if value == "" {
			value = fmt.Sprint(sample(p.Schema, nil))
		}
		path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
	}
	var parts []string
	for _, p := range o.in("query") {
		if p.Required && !strings.Contains("&"+query, "&"+p.Name+"=") {
			parts = append(parts, p.Name+"="+url.QueryEscape(fmt.Sprint(sample(p.Schema, nil))))
		}
	}
	if query != "" {
		parts = append(parts, query)
	}
	if len(parts) > 0 {
		path += "?" + strings.Join(parts, "&")
	}
	return path
}

// each runs a check for the operations that it is about, and wants some.
func (w *walk) each(t *testing.T, about func(*operation) bool, check func(t *testing.T, o *operation)) {
	t.Helper()
	found := 0
	for _, o := range w.operations {
		if about(o) {
			found++
			t.Run(o.name(), func(t *testing.T) { check(t, o) })
		}
	}
	require.Positive(t, found, "no operation in the document is concerned")
}

func every(*operation) bool { return true }

func withBody(o *operation) bool { return o.body() != nil }

// wrong are the places that a problem names, with what it says of them.
func wrong(t *testing.T, r client.Reply) map[string]string {
	t.Helper()
	var problem struct {
		Errors []struct{ Location, Message string }
	}
	require.NoError(t, json.Unmarshal(r.Body, &problem), "%s", r.Body)
	places := map[string]string{}
	for _, e := range problem.Errors {
		places[e.Location] = e.Message
	}
	return places
}

// wantWrong wants a refusal that names the place.
func wantWrong(t *testing.T, r client.Reply, location string, what any) {
	t.Helper()
	require.Equal(t, http.StatusUnprocessableEntity, r.Status, "%s = %q: %s", location, what, r.Body)
	require.Contains(t, wrong(t, r), location, "%q: %s", what, r.Body)
}
