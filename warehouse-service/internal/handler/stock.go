package handler

import (
	"context"
	"time"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
)

type availableInput struct {
	ProductID web.ID `path:"product_id"`
}

type availableOutput struct{ Body Availability }

func (h *Handler) available(ctx context.Context, in *availableInput) (*availableOutput, error) {
	id := string(in.ProductID)
	n, err := h.Counting.Available(ctx, id)
	if err != nil {
		return nil, refuse(err)
	}
	return &availableOutput{Availability{ProductID: id, Available: n}}, nil
}

type stockInput struct {
	web.Page
	ProductID   web.ID `query:"product_id"`
	WarehouseID web.ID `query:"warehouse_id"`
	Low         bool   `query:"low" doc:"Only what has fewer than 10 available"`
}

type stockOutput struct{ Body web.List[StockRow] }

// stockKey is what stock and reservations are sorted by.
type stockKey struct {
	ProductID   web.ID `json:"product"`
	WarehouseID web.ID `json:"warehouse"`
}

func (h *Handler) stock(ctx context.Context, in *stockInput) (*stockOutput, error) {
	cursor := web.NewCursor[stockKey]("stock.1", in)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	q := domain.StockQuery{
		ProductID: string(in.ProductID), WarehouseID: string(in.WarehouseID), Low: in.Low, Limit: in.Limit + 1,
		After: domain.Key{ProductID: string(after.ProductID), WarehouseID: string(after.WarehouseID)},
	}
	rows, err := h.Reading.Stock(ctx, q)
	if err != nil {
		return nil, err
	}
	return &stockOutput{web.PageOf(cursor, rows, in.Limit, stockShape, func(s domain.StockRow) stockKey {
		return stockKey{ProductID: web.ID(s.ProductID), WarehouseID: web.ID(s.WarehouseID)}
	})}, nil
}

type movementsInput struct {
	web.Page
	ProductID   web.ID    `query:"product_id"`
	WarehouseID web.ID    `query:"warehouse_id"`
	From        time.Time `query:"from"`
	To          time.Time `query:"to" doc:"Not included"`
}

type movementsOutput struct{ Body web.List[Movement] }

func (h *Handler) movements(ctx context.Context, in *movementsInput) (*movementsOutput, error) {
	cursor := web.NewCursor[int64]("movements.1", in)
	before, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	q := domain.MovementQuery{
		ProductID: string(in.ProductID), WarehouseID: string(in.WarehouseID), From: in.From, To: in.To, Before: before,
		Limit: in.Limit + 1,
	}
	rows, err := h.Reading.Movements(ctx, q)
	if err != nil {
		return nil, err
	}
	return &movementsOutput{web.PageOf(cursor, rows, in.Limit, movementShape, func(m domain.MovementRow) int64 { return m.ID })}, nil
}

type reservationsInput struct {
	web.Page
	OrderID web.ID `query:"order_id" required:"true"`
}

type reservationsOutput struct{ Body web.List[Reservation] }

func (h *Handler) reservations(ctx context.Context, in *reservationsInput) (*reservationsOutput, error) {
	id := string(in.OrderID)
	cursor := web.NewCursor[stockKey]("reservations.1", in)
	after, _, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	rows, err := h.Reading.Reservations(ctx, id, domain.Key{ProductID: string(after.ProductID), WarehouseID: string(after.WarehouseID)}, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &reservationsOutput{web.PageOf(cursor, rows, in.Limit, func(r domain.Reservation) Reservation {
		return Reservation{
			OrderID: id, ProductID: r.ProductID, WarehouseID: r.WarehouseID, Quantity: r.Quantity, Status: string(r.Status),
		}
	}, func(r domain.Reservation) stockKey {
		return stockKey{ProductID: web.ID(r.ProductID), WarehouseID: web.ID(r.WarehouseID)}
	})}, nil
}
