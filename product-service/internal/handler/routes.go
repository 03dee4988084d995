package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/product-service/internal/domain"
	"marketplace/product-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/web"
)

// Reader is what the handlers read without the service.
type Reader interface {
	List(ctx context.Context, f domain.Filter) ([]domain.Product, error)
	GetMany(ctx context.Context, ids []string) ([]domain.Product, error)
}

// Shelves is where categories are kept. Only admins change them, so that there is no rule between.
type Shelves interface {
	Categories(ctx context.Context) ([]domain.Category, error)
	CreateCategory(context.Context, idempotency.Key, domain.Category, idempotency.Reply) (idempotency.Reply, error)
	UpdateCategory(ctx context.Context, id string, decide func(domain.Category) (domain.Category, error)) (domain.Category, error)
	DeleteCategory(ctx context.Context, id string, check func(domain.Category) error) error
}

// Handler answers REST and gRPC.
type Handler struct {
	Products *service.Products
	Reader   Reader
	Shelves  Shelves
}

// Register puts the routes on the server. Whose product it is, the service decides.
func (h *Handler) Register(s *web.Server) {
	sellers, admins := auth.AnyOf(auth.RoleSeller, auth.RoleAdmin), auth.AnyOf(auth.RoleAdmin)

	products := route("products", "/api/v1/products")
	web.Handle(s, auth.Public(), products(http.MethodGet, "", "List products"), h.list)
	web.Handle(s, auth.Public(), products(http.MethodGet, "/{id}", "Read a product"), h.get)
	web.Handle(s, sellers, web.Replies[Product](s, products(http.MethodPost, "", "Offer a product"), http.StatusCreated), h.create)
	web.Handle(s, sellers, products(http.MethodPatch, "/{id}", "Change a product of one's own"), h.change)
	web.Handle(s, sellers, products(http.MethodDelete, "/{id}", "Archive a product of one's own"), h.archive)

	categories := route("categories", "/api/v1/categories")
	web.Handle(s, auth.Public(), categories(http.MethodGet, "", "List all categories by name"), h.categories)
	web.Handle(s, admins, web.Replies[Category](s, categories(http.MethodPost, "", "Add a category"), http.StatusCreated), h.createCategory)
	web.Handle(s, admins, categories(http.MethodPatch, "/{id}", "Rename a category"), h.renameCategory)
	web.Handle(s, admins, categories(http.MethodDelete, "/{id}", "Remove an empty category"), h.deleteCategory)
}

func route(tag, base string) func(method, path, summary string) huma.Operation {
	return func(method, path, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: base + path, Summary: summary, Tags: []string{tag}}
	}
}

// OnceKey is the Idempotency-Key header of a POST.
type OnceKey struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"Sending the same again with the same key has one effect and one reply"`
}

// of scopes the key to the caller, the route and the meaning of the body: blanks and the order of fields do not matter.
func (k OnceKey) of(ctx context.Context, route string, body any) (auth.Identity, idempotency.Key, error) {
	actor, _ := auth.From(ctx)
	canonical, err := json.Marshal(body)
	if err != nil {
		return actor, idempotency.Key{}, fmt.Errorf("hashing the request: %w", err)
	}
	return actor, idempotency.NewKey(actor.UserID, route, k.Key, canonical), nil
}

// created is the 201 reply that is stored and sent.
func created(location string, version int, body any) (idempotency.Reply, error) {
	raw, err := web.JSON(http.StatusCreated, body)
	if err != nil {
		return idempotency.Reply{}, err
	}
	raw = raw.WithVersion(version)
	raw.Location = location
	return idempotency.Reply{Status: raw.Status, Header: raw.Header(), Body: raw.Body}, nil
}

func stored(r idempotency.Reply) *web.Raw {
	raw := web.Stored(r.Status, r.Header, r.Body)
	return &raw
}
