package handler

import (
	"context"
	"net/http"

	"github.com/google/uuid"

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
	Category string `query:"category" format:"uuid" doc:"Only products in this category"`
	Seller   string `query:"seller" pattern:"^(me|[0-9a-fA-F-]{36})$" doc:"Only this seller's products; me: one's own, in every status"`
	Sort     string `query:"sort" enum:"newest,price,-price" default:"newest"`
}

type productPage struct {
	Body web.List[Product]
}

// position is the cursor of a list. The id is parsed, so that no other text reaches the database.
type position struct {
	ID    uuid.UUID `json:"i"`
	Price int64     `json:"p"`
}

func (h *Handler) list(ctx context.Context, in *listInput) (*productPage, error) {
	f, err := in.filter(ctx)
	if err != nil {
		return nil, err
	}
	products, err := h.Reader.List(ctx, f)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(products) == f.Limit { // one more than asked for: there is a next page
		products = products[:in.Limit]
		last := products[in.Limit-1]
		next = web.EncodeCursor(position{ID: uuid.MustParse(last.ID), Price: last.Price.Amount})
	}
	items := make([]Product, len(products))
	for i, p := range products {
		items[i] = productShape(p)
	}
	return &productPage{Body: web.NewList(items, next)}, nil
}

func (in *listInput) filter(ctx context.Context) (domain.Filter, error) {
	f := domain.Filter{CategoryID: in.Category, Sort: domain.Sort(in.Sort), Limit: in.Limit + 1}
	switch in.Seller {
	case "":
	case "me":
		actor, ok := auth.From(ctx)
		if !ok {
			return f, errWhoIsMe
		}
		f.SellerID, f.All = actor.UserID, true
	default:
		id, err := web.ParseID(in.Seller)
		if err != nil {
			return f, errInvalid.WithField("query.seller", "must be an id, or me")
		}
		f.SellerID = id
	}
	if in.Cursor != "" {
		var after position
		if err := web.DecodeCursor(in.Cursor, &after); err != nil {
			return f, err
		}
		f.After = &domain.Position{ID: after.ID.String(), Price: after.Price}
	}
	return f, nil
}

type productInput struct {
	ID string `path:"id"`
}

type productOutput struct {
	ETag string `header:"ETag"`
	Body Product
}

func (h *Handler) get(ctx context.Context, in *productInput) (*productOutput, error) {
	id, err := productID(in.ID)
	if err != nil {
		return nil, err
	}
	viewer, _ := auth.From(ctx)
	p, err := h.Products.Get(ctx, viewer, id)
	if err != nil {
		return nil, coded(err)
	}
	return &productOutput{ETag: web.ETag(p.Version), Body: productShape(p)}, nil
}

type createInput struct {
	Once
	Body ProductDraft
}

func (h *Handler) create(ctx context.Context, in *createInput) (*web.Raw, error) {
	actor, _ := auth.From(ctx)
	key := replay.Key(ctx, "POST /products", in.Key, in.RawBody)
	reply, err := h.Products.Create(ctx, actor, key, in.Body.product(), func(p domain.Product) (idempotency.Reply, error) {
		return replay.Reply(http.StatusCreated, productShape(p), p.Version, "/api/v1/products/"+p.ID)
	})
	return replay.Sent(reply, productCoded(err))
}

type changeInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag that the change is based on"`
	Body    ProductChange
}

func (h *Handler) change(ctx context.Context, in *changeInput) (*productOutput, error) {
	id, err := productID(in.ID)
	if err != nil {
		return nil, err
	}
	actor, _ := auth.From(ctx)
	p, err := h.Products.Change(ctx, actor, id, matching(in.IfMatch), in.Body.change())
	if err != nil {
		return nil, productCoded(err)
	}
	return &productOutput{ETag: web.ETag(p.Version), Body: productShape(p)}, nil
}

type archiveInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match"`
}

func (h *Handler) archive(ctx context.Context, in *archiveInput) (*struct{}, error) {
	id, err := productID(in.ID)
	if err != nil {
		return nil, err
	}
	actor, _ := auth.From(ctx)
	return nil, coded(h.Products.Archive(ctx, actor, id, matching(in.IfMatch)))
}

// productID reads an id from a path: a malformed one is as absent as an unknown one.
func productID(text string) (string, error) {
	id, err := web.ParseID(text)
	if err != nil {
		return "", coded(domain.ErrNotFound)
	}
	return id, nil
}

func matching(ifMatch string) func(version int) error {
	return func(version int) error { return web.MatchVersion(ifMatch, version) }
}
