package main

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed catalogue/*.yaml
var files embed.FS

// shop is everything on sale.
type shop []category

// category is one file: a shelf, and who supplies it.
type category struct {
	Name     string   `yaml:"category"`
	Supplier string   `yaml:"supplier"`
	Families []family `yaml:"families"`
}

// family is one thing in several variants, each a product of its own.
type family struct {
	Name        string            `yaml:"name"`
	Brand       string            `yaml:"brand"`
	Description string            `yaml:"description"`
	Attributes  map[string]string `yaml:"attributes"`
	By          string            `yaml:"by"` // what the variants differ in
	Variants    []variant         `yaml:"variants"`
}

// variant is written as [sku, value, price in dollars, pieces in the first warehouse, pieces in the second].
type variant struct {
	sku, value string
	cents      int64
	stock      [len(warehouses)]int64
}

// product is a variant as the API takes it.
type product struct {
	SKU         string            `json:"sku"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       price             `json:"price"`
	CategoryID  string            `json:"category_id"`
	Status      string            `json:"status"`
	Attributes  map[string]string `json:"attributes"`
}

type price struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// UnmarshalYAML reads the short form. The price is taken from its text: 34.90 is no binary fraction.
func (v *variant) UnmarshalYAML(node *yaml.Node) error {
	var cells []yaml.Node
	if err := node.Decode(&cells); err != nil {
		return err
	}
	if len(cells) != 3+len(v.stock) {
		return fmt.Errorf("line %d: a variant has %d parts", node.Line, 3+len(v.stock))
	}
	v.sku, v.value = cells[0].Value, cells[1].Value
	dollars, cents, ok := strings.Cut(cells[2].Value, ".")
	amount, err := strconv.ParseInt(dollars+cents, 10, 64)
	if err != nil || !ok || len(cents) != 2 {
		return fmt.Errorf("line %d: a price is written as 12.90", node.Line)
	}
	v.cents = amount
	for i := range v.stock {
		if err := cells[3+i].Decode(&v.stock[i]); err != nil {
			return err
		}
	}
	return nil
}

// readCatalogue reads the embedded files in the order of their names.
func readCatalogue() (shop, error) {
	names, err := fs.Glob(files, "catalogue/*.yaml")
	if err != nil {
		return nil, err
	}
	var all shop
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var c category
		if err := yaml.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (s shop) size() int {
	n := 0
	for _, c := range s {
		n += len(c.variants())
	}
	return n
}

func (c category) variants() []variant {
	var all []variant
	for _, f := range c.Families {
		all = append(all, f.Variants...)
	}
	return all
}

// products are the category's, without its id.
func (c category) products() []product {
	var all []product
	for _, f := range c.Families {
		for _, v := range f.Variants {
			attributes := maps.Clone(f.Attributes)
			attributes["brand"] = f.Brand
			attributes[f.By] = v.value
			all = append(all, product{
				SKU: v.sku, Name: f.Name + ", " + v.value, Description: f.Description, Attributes: attributes,
				Price: price{Amount: v.cents, Currency: "USD"}, Status: "active",
			})
		}
	}
	return all
}
