package handler

import (
	"time"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/money"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

// Product is a product on the wire.
type Product struct {
	ID          string            `json:"id" format:"uuid"`
	SKU         string            `json:"sku" doc:"The seller's own number for it"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       money.Money       `json:"price"`
	CategoryID  string            `json:"category_id,omitempty" format:"uuid"`
	SellerID    string            `json:"seller_id" format:"uuid"`
	Status      string            `json:"status" enum:"draft,active,archived"`
	Attributes  map[string]string `json:"attributes"`
	Version     int               `json:"version"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

func productShape(p domain.Product) Product {
	return Product{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Description: p.Description, Price: p.Price, CategoryID: p.CategoryID,
		SellerID: p.SellerID, Status: string(p.Status), Attributes: p.Attributes, Version: p.Version,
		CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}

// ProductSummary is a product in a list: without its long texts, which its own address has.
type ProductSummary struct {
	ID         string      `json:"id" format:"uuid"`
	SKU        string      `json:"sku" maxLength:"64" doc:"The seller's own number for it"`
	Name       string      `json:"name" maxLength:"200"`
	Price      money.Money `json:"price"`
	CategoryID string      `json:"category_id,omitempty" format:"uuid"`
	SellerID   string      `json:"seller_id" format:"uuid"`
	Status     string      `json:"status" enum:"draft,active,archived"`
	Version    int         `json:"version"`
	CreatedAt  time.Time   `json:"created_at"`
	UpdatedAt  time.Time   `json:"updated_at"`
}

func summaryShape(p domain.Product) ProductSummary {
	return ProductSummary{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Price: p.Price, CategoryID: p.CategoryID, SellerID: p.SellerID, Status: string(p.Status),
		Version: p.Version, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}

// ProductDraft is a new product as its seller describes it.
type ProductDraft struct {
	SKU         string                  `json:"sku" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" doc:"Unique among the seller's products that are not archived; case matters"`
	Name        text.Line               `json:"name" minLength:"1" maxLength:"200"`
	Description text.Block              `json:"description,omitempty" maxLength:"10000"`
	Price       money.Money             `json:"price" doc:"In the currency's minor unit of ISO 4217, at least 1; the currency is one that the shop takes"`
	CategoryID  web.ID                  `json:"category_id,omitempty" nullable:"true" doc:"null: in none"`
	Status      string                  `json:"status,omitempty" enum:"draft,active" default:"active" doc:"A draft is seen by its seller alone"`
	Attributes  map[text.Line]text.Line `json:"attributes,omitempty" maxProperties:"50" keyLength:"64" valueLength:"500"`
}

func (d ProductDraft) product() domain.Product {
	return domain.Product{
		SKU: d.SKU, Name: string(d.Name), Description: string(d.Description), Price: d.Price, CategoryID: string(d.CategoryID),
		Status: domain.Status(d.Status), Attributes: attributes(d.Attributes),
	}
}

// ProductChange holds what to change; what is absent stays.
type ProductChange struct {
	Name        *text.Line               `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Description *text.Block              `json:"description,omitempty" maxLength:"10000"`
	Price       *money.Money             `json:"price,omitempty"`
	CategoryID  web.Change[web.ID]       `json:"category_id,omitzero" doc:"null takes it out of its category"`
	Status      *domain.Status           `json:"status,omitempty" enum:"draft,active" doc:"active publishes a draft; there is no way back"`
	Attributes  *map[text.Line]text.Line `json:"attributes,omitempty" doc:"Replaces all" maxProperties:"50" keyLength:"64" valueLength:"500"`
}

func (c ProductChange) change() domain.Change {
	change := domain.Change{
		Name: (*string)(c.Name), Description: (*string)(c.Description), Price: c.Price, CategoryID: (*string)(c.CategoryID.Pointer()), Status: c.Status,
	}
	if c.Attributes != nil {
		all := attributes(*c.Attributes)
		change.Attributes = &all
	}
	return change
}

func attributes(in map[text.Line]text.Line) map[string]string {
	out := make(map[string]string, len(in))
	for name, value := range in {
		out[string(name)] = string(value)
	}
	return out
}

// Category is a category on the wire.
type Category struct {
	ID      string `json:"id" format:"uuid"`
	Name    string `json:"name" maxLength:"100"`
	Version int    `json:"version"`
}

func categoryShape(c domain.Category) Category { return Category(c) }

// CategoryInput is what a category is made or renamed with.
type CategoryInput struct {
	Name text.Line `json:"name" minLength:"1" maxLength:"100" doc:"Unique, whatever its case"`
}
