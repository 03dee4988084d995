package handler

import (
	"context"
	"net/http"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/auth"
	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

var errWhoIsMe = fault.New(fault.Unauthenticated, "not_signed_in", "Sign in to list your own products.")

type listInput struct {
	web.Page
	Category web.ID `query:"category" doc:"Only products in this category"`
	Seller   string `query:"seller" pattern:"^(me|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$" doc:"Only this seller's products; me: one's own, in every status"`
	Sort     string `query:"sort" enum:"newest,price,-price" default:"newest" doc:"By price: only products in one currency"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Only prices in it. Sorting by price and price limits mean the shop's currency when it is absent"`
	MinPrice int64  `query:"min_price" minimum:"1" doc:"In the currency's minor unit, included"`
	MaxPrice int64  `query:"max_price" minimum:"1" doc:"In the currency's minor unit, included"`
}

type productPage struct {
	Body web.List[ProductSummary]
}

// position is what every order of the list sorts by.
type position struct {
	ID    web.ID `json:"id"`
	Price int64  `json:"price"`
}

func (h *Handler) list(ctx context.Context, in *listInput) (*productPage, error) {
	f, err := in.filter(ctx)
	if err != nil {
		return nil, err
	}
	f.Currency, f.MinPrice, f.MaxPrice = in.currency(h.Currency), in.MinPrice, in.MaxPrice
	cursor := web.NewCursor[position]("products.1", in, f.SellerID, f.Currency)
	after, given, err := cursor.Key()
	if err != nil {
		return nil, err
	}
	if given {
		f.After = &domain.Position{ID: string(after.ID), Price: after.Price}
	}
	products, err := h.Reader.List(ctx, f)
	if err != nil {
		return nil, err
	}
	return &productPage{Body: web.PageOf(cursor, products, in.Limit, summaryShape, func(p domain.Product) position {
		return position{ID: web.ID(p.ID), Price: p.Price.Amount}
	})}, nil
}

// currency is the one whose prices the request compares: amounts of two currencies have no order. Empty when it compares none.
func (in *listInput) currency(shop string) string {
	if in.Currency == "" && (in.Sort != string(domain.Newest) || in.MinPrice > 0 || in.MaxPrice > 0) {
		return shop
	}
	return in.Currency
}

func (in *listInput) filter(ctx context.Context) (domain.Filter, error) {
	f := domain.Filter{CategoryID: string(in.Category), Sort: domain.Sort(in.Sort), Limit: in.Limit + 1}
	switch in.Seller {
	case "":
	case "me":
		actor, ok := auth.From(ctx)
		if !ok {
			return f, errWhoIsMe
		}
		f.SellerID, f.All = actor.UserID, true
	default:
		f.SellerID = in.Seller
	}
	return f, nil
}

type productInput struct {
	ID web.ID `path:"id"`
}

type productOutput struct {
	ETag string `header:"ETag"`
	Body Product
}

func (h *Handler) get(ctx context.Context, in *productInput) (*productOutput, error) {
	viewer, _ := auth.From(ctx)
	p, err := h.Products.Get(ctx, viewer, string(in.ID))
	if err != nil {
		return nil, coded(err)
	}
	return &productOutput{ETag: web.ETag(p.Version), Body: productShape(p)}, nil
}

type createInput struct {
	Body ProductDraft
}

func (h *Handler) create(ctx context.Context, in *createInput, key idempotency.Key) (idempotency.Reply, error) {
	actor, _ := auth.From(ctx)
	reply, err := h.Products.Create(ctx, actor, key, in.Body.product(), func(p domain.Product) (idempotency.Reply, error) {
		return replay.Reply(http.StatusCreated, productShape(p), p.Version, "/api/v1/products/"+p.ID)
	})
	return reply, productCoded(err)
}

type changeInput struct {
	ID      web.ID `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag that the change is based on"`
	Body    ProductChange
}

func (h *Handler) change(ctx context.Context, in *changeInput) (*productOutput, error) {
	actor, _ := auth.From(ctx)
	p, err := h.Products.Change(ctx, actor, string(in.ID), matching(in.IfMatch), in.Body.change())
	if err != nil {
		return nil, productCoded(err)
	}
	return &productOutput{ETag: web.ETag(p.Version), Body: productShape(p)}, nil
}

type archiveInput struct {
	ID      web.ID `path:"id"`
	IfMatch string `header:"If-Match"`
}

func (h *Handler) archive(ctx context.Context, in *archiveInput) (*struct{}, error) {
	actor, _ := auth.From(ctx)
	return nil, coded(h.Products.Archive(ctx, actor, string(in.ID), matching(in.IfMatch)))
}

func matching(ifMatch string) func(version int) error {
	return func(version int) error { return web.MatchVersion(ifMatch, version) }
}
