package handler

import (
	"context"
	"errors"
	"net/http"
	"time"

	"marketplace/shared/idempotency"
	"marketplace/shared/text"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/service"
)

type expectInput struct {
	Body struct {
		WarehouseID web.ID     `json:"warehouse_id"`
		Supplier    text.Line  `json:"supplier" minLength:"1" maxLength:"200"`
		ExpectedAt  *time.Time `json:"expected_at,omitempty"`
		Lines       []Line     `json:"lines" minItems:"1" maxItems:"100" doc:"Lines of one product are taken together"`
	}
}

// The years that RFC 3339 can write. In UTC a date may fall into the year before or after.
const firstYear, lastYear = 0, 9999

func (h *Handler) expect(ctx context.Context, in *expectInput, key idempotency.Key) (idempotency.Reply, error) {
	if at := in.Body.ExpectedAt; at != nil && (at.UTC().Year() < firstYear || at.UTC().Year() > lastYear) {
		return idempotency.Reply{}, errInvalid.WithField("body.expected_at", "is too far away")
	}
	expected := service.Expected{
		WarehouseID: string(in.Body.WarehouseID), Supplier: string(in.Body.Supplier), At: in.Body.ExpectedAt, Lines: linesOf(in.Body.Lines),
	}
	reply, err := h.Stocking.Expect(ctx, expected, answer(
		key, http.StatusCreated,
		func(s domain.Supply) (any, int, string) { return supplyShape(s), s.Version, base + "/supplies/" + s.ID },
	))
	if errors.Is(err, domain.ErrNoWarehouse) {
		return idempotency.Reply{}, errInvalid.WithField("body.warehouse_id", "is no warehouse")
	}
	return reply, refuse(err)
}

type listSuppliesInput struct {
	web.Page
	Status      string `query:"status" enum:"expected,partially_received,received,cancelled"`
	WarehouseID web.ID `query:"warehouse_id"`
}

type listSuppliesOutput struct{ Body web.List[SupplySummary] }

func (h *Handler) listSupplies(ctx context.Context, in *listSuppliesInput) (*listSuppliesOutput, error) {
	cursor := web.NewCursor[web.ID]("supplies.1", in)
	before, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	rows, err := h.Supplies.List(ctx, domain.SupplyQuery{
		WarehouseID: string(in.WarehouseID), Status: domain.SupplyStatus(in.Status), Before: string(before), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &listSuppliesOutput{web.PageOf(cursor, rows, in.Limit, supplySummaryShape, func(s domain.SupplySummary) web.ID {
		return web.ID(s.ID)
	})}, nil
}

type supplyInput struct {
	ID web.ID `path:"id"`
}

type supplyOutput struct {
	ETag string `header:"ETag"`
	Body Supply
}

func (h *Handler) supply(ctx context.Context, in *supplyInput) (*supplyOutput, error) {
	s, err := h.Supplies.Get(ctx, string(in.ID))
	if err != nil {
		return nil, refuse(err)
	}
	return &supplyOutput{ETag: web.ETag(s.Version), Body: supplyShape(s)}, nil
}

type receiveInput struct {
	ID   web.ID `path:"id"`
	Body struct {
		Lines []Line `json:"lines" minItems:"1" maxItems:"100"`
	}
}

func (h *Handler) receive(ctx context.Context, in *receiveInput, key idempotency.Key) (idempotency.Reply, error) {
	reply, err := h.Stocking.Receive(ctx, string(in.ID), linesOf(in.Body.Lines), supplyAnswer(key))
	return reply, refuse(err)
}

type cancelInput struct {
	ID web.ID `path:"id"`
}

func (h *Handler) cancel(ctx context.Context, in *cancelInput, key idempotency.Key) (idempotency.Reply, error) {
	reply, err := h.Stocking.Cancel(ctx, string(in.ID), supplyAnswer(key))
	return reply, refuse(err)
}

func supplyAnswer(key idempotency.Key) service.SupplyAnswer {
	return answer(key, http.StatusOK,
		func(s domain.Supply) (any, int, string) { return supplyShape(s), s.Version, "" })
}
