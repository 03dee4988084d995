package service

import (
	"context"
	"slices"
	"time"

	"marketplace/shared/idempotency"
	"marketplace/warehouse-service/internal/domain"
)

type (
	// SupplyAnswer makes the reply to a command, from the supply as the command leaves it.
	SupplyAnswer = idempotency.Answer[domain.Supply]
	// WarehouseAnswer makes the reply to a new warehouse.
	WarehouseAnswer = idempotency.Answer[domain.Warehouse]
)

// Catalogue knows which products there are.
type Catalogue interface {
	Known(ctx context.Context, ids []string) (map[string]bool, error)
}

// Supplies keeps supplies.
type Supplies interface {
	Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error)
	Create(ctx context.Context, s domain.Supply, answer SupplyAnswer) (idempotency.Reply, error)
	Update(ctx context.Context, id string, change func(domain.Supply) (domain.Supply, domain.Outcome, error), answer SupplyAnswer) (idempotency.Reply, error)
}

// Warehouses keeps warehouses.
type Warehouses interface {
	Create(ctx context.Context, w domain.Warehouse, answer WarehouseAnswer) (idempotency.Reply, error)
}

// Stocking opens warehouses and fills them.
type Stocking struct {
	Catalogue  Catalogue
	Supplies   Supplies
	Warehouses Warehouses
	NewID      func() string
	Now        func() time.Time
}

// OpenWarehouse adds a warehouse.
func (s *Stocking) OpenWarehouse(ctx context.Context, code, name string, answer WarehouseAnswer) (idempotency.Reply, error) {
	return s.Warehouses.Create(ctx, domain.Warehouse{ID: s.NewID(), Code: code, Name: name, CreatedAt: s.now(), Version: 1}, answer)
}

// Expected is a supply that somebody has ordered.
type Expected struct {
	WarehouseID, Supplier string
	At                    *time.Time
	Lines                 []domain.Line
}

// Expect notes a supply. All its products are looked up in one call, and not at all for a request that has its reply.
func (s *Stocking) Expect(ctx context.Context, in Expected, answer SupplyAnswer) (idempotency.Reply, error) {
	if in.At != nil {
		at := kept(*in.At)
		in.At = &at
	}
	supply, err := domain.NewSupply(s.NewID(), in.WarehouseID, in.Supplier, in.At, in.Lines)
	if err != nil {
		return idempotency.Reply{}, err
	}
	return s.Supplies.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		if err := s.checkProducts(ctx, in.Lines); err != nil {
			return idempotency.Reply{}, err
		}
		supply.CreatedAt, supply.Version = s.now(), 1
		return s.Supplies.Create(ctx, supply, answer)
	})
}

func (s *Stocking) checkProducts(ctx context.Context, lines []domain.Line) error {
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.ProductID
	}
	known, err := s.Catalogue.Known(ctx, slices.Compact(slices.Sorted(slices.Values(ids))))
	if err != nil {
		return err
	}
	unknown := &domain.UnknownProductsError{}
	for i, id := range ids {
		if !known[id] {
			unknown.Positions = append(unknown.Positions, i)
		}
	}
	if len(unknown.Positions) > 0 {
		return unknown
	}
	return nil
}

// Receive takes in what came of a supply.
func (s *Stocking) Receive(ctx context.Context, id string, lines []domain.Line, answer SupplyAnswer) (idempotency.Reply, error) {
	return s.Supplies.Update(ctx, id, func(supply domain.Supply) (domain.Supply, domain.Outcome, error) {
		return supply.Receive(lines)
	}, answer)
}

// Cancel gives up on what has not come of a supply.
func (s *Stocking) Cancel(ctx context.Context, id string, answer SupplyAnswer) (idempotency.Reply, error) {
	return s.Supplies.Update(ctx, id, func(supply domain.Supply) (domain.Supply, domain.Outcome, error) {
		supply, err := supply.Cancel()
		return supply, domain.Outcome{}, err
	}, answer)
}

func (s *Stocking) now() time.Time { return kept(s.Now()) }

// kept is a time as exact as the database keeps it, so that a reply says what a later read says.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
