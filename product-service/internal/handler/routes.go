package handler

import (
	"context"
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

// Once is what makes a POST that is sent again the same request: the header, and the body as it was sent.
type Once struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Sending the same again with the same key has one effect and one reply"`
	RawBody []byte
}
