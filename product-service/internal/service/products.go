package service

import (
	"context"
	"time"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
)

// Store is what the service needs of the repository.
type Store interface {
	Get(ctx context.Context, id string) (domain.Product, error)
	Create(ctx context.Context, key idempotency.Key, p domain.Product, reply idempotency.Reply) (idempotency.Reply, error)
	Update(ctx context.Context, id string, decide func(domain.Product) (domain.Product, error)) (domain.Product, error)
}

// Products is what sellers and admins do with products. Whatever an actor may not see or change does not exist for
// them: domain.ErrNotFound.
type Products struct {
	Store    Store
	Accepted money.Accepted // the currencies that prices may have
	NewID    func() string
	Now      func() time.Time
}

// Create offers a product of the actor's own. encode writes the reply that is kept under the key.
func (s *Products) Create(
	ctx context.Context, actor auth.Identity, key idempotency.Key, p domain.Product,
	encode func(domain.Product) (idempotency.Reply, error),
) (idempotency.Reply, error) {
	p.ID, p.SellerID = s.NewID(), actor.UserID
	p, err := domain.New(p, s.Accepted, s.now())
	if err != nil {
		return idempotency.Reply{}, err
	}
	reply, err := encode(p)
	if err != nil {
		return idempotency.Reply{}, err
	}
	return s.Store.Create(ctx, key, p, reply)
}

// Get returns a product that the viewer may see; the zero Identity is a visitor.
func (s *Products) Get(ctx context.Context, viewer auth.Identity, id string) (domain.Product, error) {
	p, err := s.Store.Get(ctx, id)
	if err != nil {
		return domain.Product{}, err
	}
	if !p.VisibleTo(viewer.UserID, privileged(viewer)) {
		return domain.Product{}, domain.ErrNotFound
	}
	return p, nil
}

// Change changes a product of the actor's, once match agrees to its version.
func (s *Products) Change(
	ctx context.Context, actor auth.Identity, id string, match func(version int) error, c domain.Change,
) (domain.Product, error) {
	return s.update(ctx, actor, id, match, func(p domain.Product) (domain.Product, error) { return p.Change(c, s.Accepted, s.now()) })
}

// Archive takes a product of the actor's off the market, once match agrees to its version.
func (s *Products) Archive(ctx context.Context, actor auth.Identity, id string, match func(version int) error) error {
	_, err := s.update(ctx, actor, id, match, func(p domain.Product) (domain.Product, error) { return p.Archive(s.now()), nil })
	return err
}

func (s *Products) update(
	ctx context.Context, actor auth.Identity, id string, match func(int) error,
	decide func(domain.Product) (domain.Product, error),
) (domain.Product, error) {
	return s.Store.Update(ctx, id, func(p domain.Product) (domain.Product, error) {
		if !p.EditableBy(actor.UserID, privileged(actor)) {
			return domain.Product{}, domain.ErrNotFound
		}
		if err := match(p.Version); err != nil {
			return domain.Product{}, err
		}
		return decide(p)
	})
}

// now is as fine as the database keeps it, so that a stored reply and a later read agree.
func (s *Products) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func privileged(actor auth.Identity) bool { return actor.Has(auth.RoleAdmin) }
