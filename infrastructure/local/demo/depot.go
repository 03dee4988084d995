package main

import (
	"context"
	"fmt"
	"net/url"

	"golang.org/x/sync/errgroup"
)

// warehouse is a place that goods lie in.
type warehouse struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

var warehouses = [...]warehouse{
	{Code: "HAM-1", Name: "Hamburg, Quay 7"},
	{Code: "LYS-2", Name: "Lyon, Saint-Priest"},
}

// depot fills the warehouses: one supply for each category and warehouse, received in full.
type depot struct {
	client *client
	say    func(string)
}

type line struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
}

type supply struct {
	ID          string `json:"id"`
	WarehouseID string `json:"warehouse_id"`
	Supplier    string `json:"supplier"`
	Status      string `json:"status"`
}

// stocked says whether every supply of the catalogue has been received: then there is nothing left to do.
func (d *depot) stocked(ctx context.Context, goods shop) (bool, error) {
	ids, err := d.warehouses(ctx)
	if err != nil || len(ids) < len(warehouses) {
		return false, err
	}
	known, err := d.supplies(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range goods {
		for _, w := range warehouses {
			if known[c.Supplier+ids[w.Code]].Status != "received" {
				return false, nil
			}
		}
	}
	return true, nil
}

// fill opens the warehouses and brings the goods in.
func (d *depot) fill(ctx context.Context, goods shop, products map[string]string) error {
	ids, err := d.open(ctx)
	if err != nil {
		return err
	}
	known, err := d.supplies(ctx)
	if err != nil {
		return err
	}
	for i, w := range warehouses {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		pieces := int64(0)
		for _, c := range goods {
			lines := c.lines(i, products)
			for _, l := range lines {
				pieces += l.Quantity
			}
			group.Go(func() error { return d.bring(ctx, known[c.Supplier+ids[w.Code]], c.Supplier, ids[w.Code], lines) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		d.say(fmt.Sprintf("%d pieces in %s", pieces, w.Name))
	}
	return nil
}

// bring announces a supply, unless it is known, and receives it.
func (d *depot) bring(ctx context.Context, known supply, supplier, warehouseID string, lines []line) error {
	if known.Status == "received" {
		return nil
	}
	if known.ID == "" {
		announced := map[string]any{"warehouse_id": warehouseID, "supplier": supplier, "lines": lines}
		if err := d.client.post(ctx, "/supplies", announced, &known); err != nil {
			return fmt.Errorf("supply of %s: %w", supplier, err)
		}
	}
	if err := d.client.post(ctx, "/supplies/"+known.ID+"/receive", map[string]any{"lines": lines}, nil); err != nil {
		return fmt.Errorf("receiving from %s: %w", supplier, err)
	}
	return nil
}

// lines are what the category has in the warehouse with this index.
func (c category) lines(warehouse int, products map[string]string) []line {
	var all []line
	for _, v := range c.variants() {
		if v.stock[warehouse] > 0 {
			all = append(all, line{ProductID: products[v.sku], Quantity: v.stock[warehouse]})
		}
	}
	return all
}

// open sees to it that all warehouses exist, and returns their ids by code.
func (d *depot) open(ctx context.Context) (map[string]string, error) {
	ids, err := d.warehouses(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range warehouses {
		if ids[w.Code] != "" {
			continue
		}
		var made struct {
			ID string `json:"id"`
		}
		if err := d.client.post(ctx, "/warehouses", w, &made); err != nil {
			return nil, fmt.Errorf("warehouse %s: %w", w.Code, err)
		}
		ids[w.Code] = made.ID
	}
	return ids, nil
}

// warehouses are the ids of those that exist, by code.
func (d *depot) warehouses(ctx context.Context) (map[string]string, error) {
	type listed struct {
		ID   string `json:"id"`
		Code string `json:"code"`
	}
	known, err := all[listed](ctx, d.client, "/warehouses", url.Values{})
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, w := range known {
		ids[w.Code] = w.ID
	}
	return ids, nil
}

// supplies are those that exist, by supplier and warehouse.
func (d *depot) supplies(ctx context.Context) (map[string]supply, error) {
	known, err := all[supply](ctx, d.client, "/supplies", url.Values{})
	if err != nil {
		return nil, err
	}
	byName := map[string]supply{}
	for _, s := range known {
		byName[s.Supplier+s.WarehouseID] = s
	}
	return byName, nil
}
