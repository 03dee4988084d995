package handler

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/product-service/internal/domain"
	"marketplace/product-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

// Reader is what the handlers read without the service.
type Reader interface {
	List(ctx context.Context, f domain.Filter) ([]domain.Product, error) // without description and attributes
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
	Currency string // the shop's: what a request means that names none
}

// Register puts the routes on the server. Whose product it is, the service decides.
func (h *Handler) Register(s *web.Server) {
	sellers, admins := auth.AnyOf(auth.RoleSeller, auth.RoleAdmin), auth.AnyOf(auth.RoleAdmin)

	products := route("products", "/api/v1/products")
	web.Handle(s, auth.Public(), summarized(products(http.MethodGet, "", "List products")), h.list)
	web.Handle(s, auth.Public(), products(http.MethodGet, "/{id}", "Read a product"), h.get)
	replay.Post(s, sellers, web.Replies[Product](s, described(products(http.MethodPost, "", "Offer a product")), http.StatusCreated), h.create)
	web.Handle(s, sellers, described(products(http.MethodPatch, "/{id}", "Change a product of one's own")), h.change)
	web.Handle(s, sellers, products(http.MethodDelete, "/{id}", "Archive a product of one's own"), h.archive)

	categories := route("categories", "/api/v1/categories")
	web.Handle(s, auth.Public(), web.WithoutPages(categories(http.MethodGet, "", "List all categories by name"), domain.MaxCategories), h.categories)
	replay.Post(s, admins, web.Replies[Category](s, categories(http.MethodPost, "", "Add a category"), http.StatusCreated), h.createCategory)
	web.Handle(s, admins, categories(http.MethodPatch, "/{id}", "Rename a category"), h.renameCategory)
	web.Handle(s, admins, categories(http.MethodDelete, "/{id}", "Remove a category without drafts and active products"), h.deleteCategory)
}

func route(tag, base string) func(method, path, summary string) huma.Operation {
	return func(method, path, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: base + path, Summary: summary, Tags: []string{tag}, MaxBodyBytes: maxBody}
	}
}

// Limits of bodies, in bytes.
const (
	maxBody      = 4 << 10
	maxDescribed = 256 << 10 // 10,000 characters of a description, each of which may come as an escape of twelve bytes, and 50 attributes
)

// summarized is an operation that lists products.
func summarized(op huma.Operation) huma.Operation {
	op.Description = "Summaries: `GET /products/{id}` has the description and the attributes too."
	return op
}

// described is an operation that takes a product's texts.
func described(op huma.Operation) huma.Operation {
	op.MaxBodyBytes = maxDescribed
	return op
}
