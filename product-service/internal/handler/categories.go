package handler

import (
	"context"
	"net/http"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/replay"
	"marketplace/shared/web"
)

type categoryList struct {
	Body web.List[Category]
}

func (h *Handler) categories(ctx context.Context, _ *struct{}) (*categoryList, error) {
	all, err := h.Shelves.Categories(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]Category, len(all))
	for i, c := range all {
		items[i] = categoryShape(c)
	}
	return &categoryList{Body: web.NewList(items, "")}, nil
}

type createCategoryInput struct {
	Body CategoryInput
}

func (h *Handler) createCategory(ctx context.Context, in *createCategoryInput, key idempotency.Key) (idempotency.Reply, error) {
	c, err := domain.NewCategory(h.Products.NewID(), string(in.Body.Name))
	if err != nil {
		return idempotency.Reply{}, coded(err)
	}
	reply, err := replay.Reply(http.StatusCreated, categoryShape(c), c.Version, "/api/v1/categories/"+c.ID)
	if err != nil {
		return idempotency.Reply{}, err
	}
	reply, err = h.Shelves.CreateCategory(ctx, key, c, reply)
	return reply, coded(err)
}

type renameInput struct {
	ID      web.ID `path:"id"`
	IfMatch string `header:"If-Match"`
	Body    CategoryInput
}

type categoryOutput struct {
	ETag string `header:"ETag"`
	Body Category
}

func (h *Handler) renameCategory(ctx context.Context, in *renameInput) (*categoryOutput, error) {
	c, err := h.Shelves.UpdateCategory(ctx, string(in.ID), func(c domain.Category) (domain.Category, error) {
		if err := web.MatchVersion(in.IfMatch, c.Version); err != nil {
			return c, err
		}
		return c.Rename(string(in.Body.Name))
	})
	if err != nil {
		return nil, categoryCoded(err)
	}
	return &categoryOutput{ETag: web.ETag(c.Version), Body: categoryShape(c)}, nil
}

func (h *Handler) deleteCategory(ctx context.Context, in *archiveInput) (*struct{}, error) {
	return nil, categoryCoded(h.Shelves.DeleteCategory(ctx, string(in.ID), func(c domain.Category) error {
		return web.MatchVersion(in.IfMatch, c.Version)
	}))
}
