package handler

import (
	"context"
	"errors"
	"net/http"
	"time"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/service"
)

type expectInput struct {
	Key     string `header:"Idempotency-Key" maxLength:"255"`
	RawBody []byte
	Body    struct {
		WarehouseID string     `json:"warehouse_id" format:"uuid"`
		Supplier    string     `json:"supplier" minLength:"1" maxLength:"200"`
		ExpectedAt  *time.Time `json:"expected_at,omitempty"`
		Lines       []Line     `json:"lines" minItems:"1" maxItems:"100" doc:"Lines of one product are taken together"`
	}
}

// The years that RFC 3339 can write. In UTC a date may fall into the year before or after.
const firstYear, lastYear = 0, 9999

func (h *Handler) expect(ctx context.Context, in *expectInput) (*web.Raw, error) {
	warehouse, err := web.ParseID(in.Body.WarehouseID)
	if err != nil {
		return nil, errInvalid.WithField("body.warehouse_id", "is not a UUID")
	}
	lines, err := linesOf(in.Body.Lines)
	if err != nil {
		return nil, err
	}
	if at := in.Body.ExpectedAt; at != nil && (at.UTC().Year() < firstYear || at.UTC().Year() > lastYear) {
		return nil, errInvalid.WithField("body.expected_at", "is too far away")
	}
	expected := service.Expected{WarehouseID: warehouse, Supplier: in.Body.Supplier, At: in.Body.ExpectedAt, Lines: lines}
	reply, err := h.Stocking.Expect(ctx, expected, answer(
		key(ctx, "/supplies", in.Key, in.RawBody), http.StatusCreated,
		func(s domain.Supply) (any, int, string) { return supplyShape(s), s.Version, base + "/supplies/" + s.ID },
	))
	if errors.Is(err, domain.ErrNoWarehouse) {
		return nil, errInvalid.WithField("body.warehouse_id", "is no warehouse")
	}
	return sent(reply, err)
}

type listSuppliesInput struct {
	web.Page
	Status      string `query:"status" enum:"expected,partially_received,received,cancelled"`
	WarehouseID string `query:"warehouse_id"`
}

type listSuppliesOutput struct{ Body web.List[Supply] }

func (h *Handler) listSupplies(ctx context.Context, in *listSuppliesInput) (*listSuppliesOutput, error) {
	before, err := web.CursorID(in.Cursor)
	if err != nil {
		return nil, err
	}
	warehouse, err := filterID("warehouse_id", in.WarehouseID)
	if err != nil {
		return nil, err
	}
	rows, err := h.Supplies.List(ctx, domain.SupplyQuery{
		WarehouseID: warehouse, Status: domain.SupplyStatus(in.Status), Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &listSuppliesOutput{listed(rows, in.Limit, supplyShape, func(s domain.Supply) any { return s.ID })}, nil
}

type supplyInput struct {
	ID string `path:"id"`
}

type supplyOutput struct {
	ETag string `header:"ETag"`
	Body Supply
}

func (h *Handler) supply(ctx context.Context, in *supplyInput) (*supplyOutput, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	s, err := h.Supplies.Get(ctx, id)
	if err != nil {
		return nil, refuse(err)
	}
	return &supplyOutput{ETag: web.ETag(s.Version), Body: supplyShape(s)}, nil
}

type receiveInput struct {
	ID      string `path:"id"`
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Send one: goods that are counted twice are missing later"`
	RawBody []byte
	Body    struct {
		Lines []Line `json:"lines" minItems:"1" maxItems:"100"`
	}
}

func (h *Handler) receive(ctx context.Context, in *receiveInput) (*web.Raw, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	lines, err := linesOf(in.Body.Lines)
	if err != nil {
		return nil, err
	}
	return sent(h.Stocking.Receive(ctx, id, lines, supplyAnswer(ctx, id, "/receive", in.Key, in.RawBody)))
}

type cancelInput struct {
	ID  string `path:"id"`
	Key string `header:"Idempotency-Key" maxLength:"255"`
}

func (h *Handler) cancel(ctx context.Context, in *cancelInput) (*web.Raw, error) {
	id, err := web.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	return sent(h.Stocking.Cancel(ctx, id, supplyAnswer(ctx, id, "/cancel", in.Key, nil)))
}

func supplyAnswer(ctx context.Context, id, command, value string, body []byte) service.SupplyAnswer {
	return answer(key(ctx, "/supplies/"+id+command, value, body), http.StatusOK,
		func(s domain.Supply) (any, int, string) { return supplyShape(s), s.Version, "" })
}
