package main

import (
	"context"
	"fmt"
	"net/url"

	"golang.org/x/sync/errgroup"
)

// ensureProducts puts the catalogue on sale and returns the products' ids by SKU.
func ensureProducts(ctx context.Context, admin, seller *client, goods shop, say func(string)) (map[string]string, error) {
	categories, err := ensureCategories(ctx, admin, goods)
	if err != nil {
		return nil, err
	}
	say(fmt.Sprintf("%d categories", len(categories)))
	ids, err := sold(ctx, seller)
	if err != nil {
		return nil, err
	}
	for _, c := range goods {
		var missing []product
		for _, p := range c.products() {
			if ids[p.SKU] == "" {
				p.CategoryID = categories[c.Name]
				missing = append(missing, p)
			}
		}
		if err := sell(ctx, seller, missing, ids); err != nil {
			return nil, err
		}
		say(fmt.Sprintf("%3d products: %s", len(c.variants()), c.Name))
	}
	return ids, nil
}

// sell creates the products, several at a time, and then adds their ids.
func sell(ctx context.Context, seller *client, products []product, ids map[string]string) error {
	made := make([]struct {
		ID string `json:"id"`
	}, len(products))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, p := range products {
		group.Go(func() error {
			if err := seller.post(ctx, "/products", p, &made[i]); err != nil {
				return fmt.Errorf("%s: %w", p.SKU, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, p := range products {
		ids[p.SKU] = made[i].ID
	}
	return nil
}

// ensureCategories returns the categories' ids by name.
func ensureCategories(ctx context.Context, admin *client, goods shop) (map[string]string, error) {
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	var known struct {
		Items []named `json:"items"`
	}
	if err := admin.get(ctx, "/categories", &known); err != nil { // this list has no pages
		return nil, err
	}
	ids := map[string]string{}
	for _, c := range known.Items {
		ids[c.Name] = c.ID
	}
	for _, c := range goods {
		if ids[c.Name] != "" {
			continue
		}
		var made named
		if err := admin.post(ctx, "/categories", map[string]string{"name": c.Name}, &made); err != nil {
			return nil, fmt.Errorf("category %s: %w", c.Name, err)
		}
		ids[c.Name] = made.ID
	}
	return ids, nil
}

// sold are the ids of the seller's products by SKU, also of those that somebody has archived since: the demo does not offer them again.
func sold(ctx context.Context, seller *client) (map[string]string, error) {
	type listed struct {
		ID  string `json:"id"`
		SKU string `json:"sku"`
	}
	known, err := all[listed](ctx, seller, "/products", url.Values{"seller": {"me"}})
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, p := range known {
		ids[p.SKU] = p.ID
	}
	return ids, nil
}
