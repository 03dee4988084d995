package handler

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/form"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/service"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/payment-service/internal/sandbox/wire"
)

var (
	getParams         = []string{"client_secret", "expand"}
	listParams        = []string{"created", "customer", "expand", "limit", "starting_after"}
	searchParams      = []string{"expand", "limit", "query"}
	disputeListParams = []string{"expand", "limit", "payment_intent", "starting_after"}
	refundListParams  = []string{"expand", "limit", "payment_intent", "starting_after"}
)

const (
	defaultLimit = 10
	maxLimit     = 100
)

// query is one decoded request that changes nothing.
type query struct {
	values form.Values
	id     string
	path   string
	base   string
	expand wire.Expand
}

// read registers a route that changes nothing. Its answer is a shape to be encoded.
func (h *Handler) read(pattern string, params []string, do func(context.Context, query) (any, error)) {
	h.mux.Handle(pattern, h.guarded(func(w http.ResponseWriter, r *http.Request) {
		values, refusal := form.Parse(r.URL.RawQuery)
		if refusal == nil {
			refusal = values.Only(params...)
		}
		if refusal != nil {
			h.refuse(w, r, refusal)
			return
		}
		plan := h.Faults.Plan(faults.Subject{Method: r.Method, Path: r.URL.Path})
		if plan.DropBefore {
			drop()
		}
		h.pause(w, plan.DelayBefore+plan.DelayAfter)
		ctx, cancel := context.WithTimeout(r.Context(), deadline)
		defer cancel()
		shape, err := do(ctx, query{
			values: values, id: r.PathValue("id"), path: r.URL.Path, base: base(r), expand: wire.Expand(values.List("expand")),
		})
		switch {
		case plan.DropAfter:
			drop()
		case plan.ErrorBefore || plan.ErrorAfter:
			h.refuse(w, r, service.Broken())
		case err != nil:
			h.fail(w, r, err)
		default:
			h.write(w, store.Reply{Status: http.StatusOK, Body: wire.Encode(shape)})
		}
	}))
}

func (h *Handler) getIntent(ctx context.Context, q query) (any, error) {
	in, err := h.Store.Intent(ctx, q.id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, processor.Missing(http.StatusNotFound, "intent", "payment_intent", q.id)
	}
	return wire.Intent(in, q.expand, q.base), err
}

func (h *Handler) listIntents(ctx context.Context, q query) (any, error) {
	f := store.Filter{Customer: q.values.String("customer"), StartingAfter: q.values.String("starting_after")}
	var refusal *processor.Error
	if f.From, f.To, refusal = created(q.values); refusal != nil {
		return nil, refusal
	}
	if f.Limit, refusal = limit(q.values); refusal != nil {
		return nil, refusal
	}
	asked := f.Limit
	f.Limit++ // one more tells whether there is another page
	found, err := h.Store.Intents(ctx, f)
	if err != nil {
		return nil, err
	}
	more := len(found) > asked
	return wire.List(q.path, intentShapes(found[:min(asked, len(found))], q), more), nil
}

// created reads the window in which an intent was made. Stripe's times are whole seconds, so a second includes all of it.
func created(v form.Values) (from, to time.Time, refusal *processor.Error) {
	read := func(name string, shift time.Duration, into *time.Time) {
		if !v.Has(name) || refusal != nil {
			return
		}
		var seconds int64
		seconds, refusal = v.Int(name, 0)
		*into = time.Unix(seconds, 0).Add(shift)
	}
	read("created[gte]", 0, &from)
	read("created[gt]", time.Second, &from)
	read("created[lte]", time.Second-time.Microsecond, &to)
	read("created[lt]", -time.Microsecond, &to)
	return from, to, refusal
}

// One metadata clause is what the marketplace searches by.
var searchQuery = regexp.MustCompile(`^\s*metadata\[['"]([^'"]+)['"]\]\s*:\s*['"]([^'"]*)['"]\s*$`)

// searchIntents shows only what is older than the lag: an index that is behind, so that finding nothing proves nothing.
func (h *Handler) searchIntents(ctx context.Context, q query) (any, error) {
	clause := searchQuery.FindStringSubmatch(q.values.String("query"))
	if clause == nil {
		return nil, processor.Invalid("query", "", "The sandbox searches by one metadata clause: metadata['name']:'value'.")
	}
	n, refusal := limit(q.values)
	if refusal != nil {
		return nil, refusal
	}
	found, err := h.Store.Search(ctx, clause[1], clause[2], time.Now().Add(-h.SearchLag), n)
	if err != nil {
		return nil, err
	}
	return wire.SearchResult(q.path, intentShapes(found, q)), nil
}

func (h *Handler) getRefund(ctx context.Context, q query) (any, error) {
	r, err := h.Store.Refund(ctx, q.id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, processor.Missing(http.StatusNotFound, "id", "refund", q.id)
	}
	return wire.Refund(r), err
}

func (h *Handler) listRefunds(ctx context.Context, q query) (any, error) {
	n, refusal := limit(q.values)
	if refusal != nil {
		return nil, refusal
	}
	found, err := h.Store.Refunds(ctx, q.values.String("payment_intent"), q.values.String("starting_after"), n+1)
	if err != nil {
		return nil, err
	}
	var shapes []any
	for _, r := range found[:min(n, len(found))] {
		shapes = append(shapes, wire.Refund(r))
	}
	return wire.List(q.path, shapes, len(found) > n), nil
}

// listDisputes shows the dispute of one intent: a charge here has one at most.
func (h *Handler) listDisputes(ctx context.Context, q query) (any, error) {
	id := q.values.String("payment_intent")
	if id == "" {
		return nil, processor.Invalid("payment_intent", "parameter_missing", "The sandbox lists the disputes of one payment_intent.")
	}
	in, err := h.Store.Intent(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, processor.Missing(http.StatusBadRequest, "payment_intent", "payment_intent", id)
	}
	var shapes []any
	if err == nil && in.Charge != nil && in.Charge.DisputeID != "" {
		shapes = append(shapes, wire.Dispute(in))
	}
	return wire.List(q.path, shapes, false), err
}

func intentShapes(found []processor.Intent, q query) []any {
	var shapes []any
	for _, in := range found {
		shapes = append(shapes, wire.Intent(in, q.expand.Within("data"), q.base))
	}
	return shapes
}

func limit(v form.Values) (int, *processor.Error) {
	n, refusal := v.Int("limit", defaultLimit)
	if refusal == nil && (n < 1 || n > maxLimit) {
		refusal = processor.Invalid("limit", "parameter_invalid_integer", "limit must be between 1 and %s.", strconv.Itoa(maxLimit))
	}
	return int(n), refusal
}
