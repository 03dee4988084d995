package handler

import (
	"time"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/money"
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

// ProductDraft is a new product as its seller describes it.
type ProductDraft struct {
	SKU         string            `json:"sku" minLength:"1" maxLength:"64" doc:"Unique among the seller's products"`
	Name        string            `json:"name" minLength:"1" maxLength:"200"`
	Description string            `json:"description,omitempty" maxLength:"10000"`
	Price       money.Money       `json:"price" doc:"In minor units, at least 1"`
	CategoryID  string            `json:"category_id,omitempty" format:"uuid"`
	Status      string            `json:"status,omitempty" enum:"draft,active" default:"active" doc:"A draft is seen by its seller alone"`
	Attributes  map[string]string `json:"attributes,omitempty" maxProperties:"50"`
}

func (d ProductDraft) product() domain.Product {
	return domain.Product{
		SKU: d.SKU, Name: d.Name, Description: d.Description, Price: d.Price, CategoryID: d.CategoryID,
		Status: domain.Status(d.Status), Attributes: d.Attributes,
	}
}

// ProductChange holds what to change; what is absent stays.
type ProductChange struct {
	Name        *string            `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Description *string            `json:"description,omitempty" maxLength:"10000"`
	Price       *money.Money       `json:"price,omitempty"`
	CategoryID  *string            `json:"category_id,omitempty" format:"uuid"`
	Status      *domain.Status     `json:"status,omitempty" enum:"draft,active" doc:"active publishes a draft; there is no way back"`
	Attributes  *map[string]string `json:"attributes,omitempty" doc:"Replaces all" maxProperties:"50"`
}

func (c ProductChange) change() domain.Change { return domain.Change(c) }

// Category is a category on the wire.
type Category struct {
	ID      string `json:"id" format:"uuid"`
	Name    string `json:"name"`
	Version int    `json:"version"`
}

func categoryShape(c domain.Category) Category { return Category(c) }

// CategoryInput is what a category is made or renamed with.
type CategoryInput struct {
	Name string `json:"name" minLength:"1" maxLength:"100" doc:"Unique, whatever its case"`
}
