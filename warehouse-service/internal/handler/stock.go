package handler

import (
	"context"
	"time"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
)

type availableInput struct {
	ProductID string `path:"product_id"`
}

type availableOutput struct{ Body Availability }

func (h *Handler) available(ctx context.Context, in *availableInput) (*availableOutput, error) {
	id, err := web.ParseID(in.ProductID)
	if err != nil {
		return nil, err
	}
	n, err := h.Reading.Available(ctx, id)
	if err != nil {
		return nil, err
	}
	return &availableOutput{Availability{ProductID: id, Available: n}}, nil
}

type stockInput struct {
	web.Page
	ProductID   string `query:"product_id"`
	WarehouseID string `query:"warehouse_id"`
	Low         bool   `query:"low" doc:"Only what has fewer than 10 available"`
}

type stockOutput struct{ Body web.List[StockRow] }

// stockCursor is the key of the last row of a page.
type stockCursor struct {
	ProductID   string `json:"p"`
	WarehouseID string `json:"w"`
}

func (h *Handler) stock(ctx context.Context, in *stockInput) (*stockOutput, error) {
	product, err := filterID("product_id", in.ProductID)
	if err != nil {
		return nil, err
	}
	warehouse, err := filterID("warehouse_id", in.WarehouseID)
	if err != nil {
		return nil, err
	}
	q := domain.StockQuery{ProductID: product, WarehouseID: warehouse, Low: in.Low, Limit: in.Limit + 1}
	if q.After, err = stockPosition(in.Cursor); err != nil {
		return nil, err
	}
	rows, err := h.Reading.Stock(ctx, q)
	if err != nil {
		return nil, err
	}
	return &stockOutput{listed(rows, in.Limit, stockShape, func(s domain.StockRow) any { return stockCursor(s.Key) })}, nil
}

func stockPosition(text string) (domain.Key, error) {
	var c stockCursor
	if err := web.DecodeCursor(text, &c); err != nil || text == "" {
		return domain.Key{}, err
	}
	for _, id := range []string{c.ProductID, c.WarehouseID} {
		if _, err := web.ParseID(id); err != nil {
			return domain.Key{}, web.ErrCursor
		}
	}
	return domain.Key(c), nil
}

type movementsInput struct {
	web.Page
	ProductID   string    `query:"product_id"`
	WarehouseID string    `query:"warehouse_id"`
	From        time.Time `query:"from"`
	To          time.Time `query:"to" doc:"Not included"`
}

type movementsOutput struct{ Body web.List[Movement] }

func (h *Handler) movements(ctx context.Context, in *movementsInput) (*movementsOutput, error) {
	product, err := filterID("product_id", in.ProductID)
	if err != nil {
		return nil, err
	}
	warehouse, err := filterID("warehouse_id", in.WarehouseID)
	if err != nil {
		return nil, err
	}
	q := domain.MovementQuery{ProductID: product, WarehouseID: warehouse, From: in.From, To: in.To, Limit: in.Limit + 1}
	if err := web.DecodeCursor(in.Cursor, &q.Before); err != nil {
		return nil, err
	}
	rows, err := h.Reading.Movements(ctx, q)
	if err != nil {
		return nil, err
	}
	return &movementsOutput{listed(rows, in.Limit, movementShape, func(m domain.MovementRow) any { return m.ID })}, nil
}

type reservationsInput struct {
	OrderID string `query:"order_id" required:"true"`
}

type reservationsOutput struct{ Body web.List[Reservation] }

func (h *Handler) reservations(ctx context.Context, in *reservationsInput) (*reservationsOutput, error) {
	id, err := filterID("order_id", in.OrderID)
	if err != nil {
		return nil, err
	}
	rows, err := h.Reading.Reservations(ctx, id)
	if err != nil {
		return nil, err
	}
	items := make([]Reservation, len(rows))
	for i, r := range rows {
		items[i] = Reservation{
			OrderID: id, ProductID: r.ProductID, WarehouseID: r.WarehouseID, Quantity: r.Quantity, Status: string(r.Status),
		}
	}
	return &reservationsOutput{web.NewList(items, "")}, nil
}
