package handler

import (
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/money"
)

// Item is what a shopper orders of one product.
type Item struct {
	ProductID string `json:"product_id" format:"uuid"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000"`
}

// Address is where an order goes.
type Address struct {
	Name       string `json:"name" minLength:"1" maxLength:"200" example:"Ada Lovelace"`
	Line1      string `json:"line1" minLength:"1" maxLength:"200" example:"12 St James's Square"`
	Line2      string `json:"line2,omitempty" maxLength:"200"`
	City       string `json:"city" minLength:"1" maxLength:"100" example:"London"`
	Region     string `json:"region,omitempty" maxLength:"100"`
	PostalCode string `json:"postal_code" minLength:"1" maxLength:"20" example:"SW1Y 4JH"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2" example:"GB"`
	Phone      string `json:"phone,omitempty" maxLength:"40"`
}

// Order is an order as clients see it.
type Order struct {
	ID            string        `json:"id"`
	Number        string        `json:"number" doc:"What people say on the telephone"`
	Status        string        `json:"status" enum:"pending,reserved,confirmed,cancelling,cancelled,partially_shipped,shipped,delivered"`
	PaymentStatus string        `json:"payment_status" enum:"processing,captured,partially_refunded,refunded,voided,failed"`
	Total         money.Money   `json:"total"`
	Refunded      *money.Money  `json:"refunded,omitempty"`
	Items         []Line        `json:"items"`
	CancelReason  *CancelReason `json:"cancel_reason,omitempty"`
	Shipments     *Shipments    `json:"shipments,omitempty"`
	Address       Address       `json:"shipping_address"`
	CustomerID    string        `json:"customer_id"`
	PlacedAt      time.Time     `json:"placed_at"`
	DeadlineAt    time.Time     `json:"deadline_at" doc:"When the order is cancelled if it is not confirmed by then"`
	Version       int           `json:"version"`
}

// Line is one product of an order, at the price of the moment it was placed.
type Line struct {
	ProductID string      `json:"product_id"`
	SKU       string      `json:"sku"`
	Name      string      `json:"name"`
	SellerID  string      `json:"seller_id,omitempty"`
	Quantity  int64       `json:"quantity"`
	UnitPrice money.Money `json:"unit_price"`
	Total     money.Money `json:"total"`
}

// CancelReason says why an order was or is being cancelled.
type CancelReason struct {
	Code    string         `json:"code" enum:"cancelled_by_customer,cancelled_by_support,timed_out,out_of_stock,payment_declined"`
	Message string         `json:"message"`
	Details *CancelDetails `json:"details,omitempty"`
}

// CancelDetails are what belongs to the code.
type CancelDetails struct {
	Note        string     `json:"note,omitempty" doc:"What the person who cancelled wrote"`
	DeclineCode string     `json:"decline_code,omitempty"`
	Shortages   []Shortage `json:"shortages,omitempty"`
}

// Shortage is a product of which there was less than the order wants.
type Shortage struct {
	ProductID string `json:"product_id"`
	Wanted    int64  `json:"wanted"`
	Available int64  `json:"available"`
}

// Shipments says how many parcels there are and where they stand.
type Shipments struct {
	Total     int `json:"total"`
	Left      int `json:"left"`
	Delivered int `json:"delivered"`
}

// orderShape is the one conversion of an order on its way out.
func orderShape(o domain.Order) Order {
	shape := Order{
		ID: o.ID, Number: o.Number, Status: string(o.Status), PaymentStatus: string(o.PaymentStatus), Total: o.Total,
		Items: make([]Line, len(o.Lines)), Address: Address(o.Address), CustomerID: o.CustomerID,
		PlacedAt: o.PlacedAt, DeadlineAt: o.Deadline, Version: o.Version,
	}
	for i, l := range o.Lines {
		shape.Items[i] = Line{
			ProductID: l.ProductID, SKU: l.SKU, Name: l.Name, SellerID: l.SellerID,
			Quantity: l.Quantity, UnitPrice: l.UnitPrice, Total: l.Total,
		}
	}
	if !o.Refunded.IsZero() {
		shape.Refunded = &o.Refunded
	}
	if o.Shipments > 0 {
		shape.Shipments = &Shipments{Total: o.Shipments, Left: len(o.Left), Delivered: len(o.Arrived)}
	}
	if o.CancelReason != nil {
		shape.CancelReason = reasonShape(*o.CancelReason)
	}
	return shape
}

func reasonShape(r domain.CancelReason) *CancelReason {
	shape := &CancelReason{Code: string(r.Code), Message: r.Message}
	if r.Note == "" && r.Decline == "" && len(r.Shortages) == 0 {
		return shape
	}
	shape.Details = &CancelDetails{Note: r.Note, DeclineCode: r.Decline}
	for _, s := range r.Shortages {
		shape.Details.Shortages = append(shape.Details.Shortages, Shortage(s))
	}
	return shape
}
