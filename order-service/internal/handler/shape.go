package handler

import (
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/money"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

// Item is what a shopper orders of one product.
type Item struct {
	ProductID web.ID `json:"product_id"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000"`
}

// Address is where an order goes. What it may lack can be sent as null.
type Address struct {
	Name       text.Line    `json:"name" minLength:"1" maxLength:"200" example:"Ada Lovelace"`
	Line1      text.Line    `json:"line1" minLength:"1" maxLength:"200" example:"12 St James's Square"`
	Line2      text.Line    `json:"line2,omitempty" nullable:"true" maxLength:"200"`
	City       text.Line    `json:"city" minLength:"1" maxLength:"100" example:"London"`
	Region     text.Line    `json:"region,omitempty" nullable:"true" maxLength:"100"`
	PostalCode text.Line    `json:"postal_code" minLength:"1" maxLength:"20" example:"SW1Y 4JH"`
	Country    text.Country `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2" example:"GB"`
	Phone      text.Line    `json:"phone,omitempty" nullable:"true" maxLength:"40"`
}

// Order is an order as clients see it.
type Order struct {
	ID            string        `json:"id" format:"uuid"`
	Number        string        `json:"number" doc:"What people say on the telephone: the day and a random part, such as 261128-7KQ4M2X"`
	Status        string        `json:"status" enum:"pending,reserved,confirmed,cancelling,cancelled,partially_shipped,shipped,delivered"`
	PaymentStatus string        `json:"payment_status" enum:"processing,captured,partially_refunded,refunded,voided,failed"`
	Total         money.Money   `json:"total"`
	Refunded      *money.Money  `json:"refunded,omitempty"`
	Items         []Line        `json:"items"`
	CancelReason  *CancelReason `json:"cancel_reason,omitempty"`
	Shipments     *Shipments    `json:"shipments,omitempty"`
	Address       Address       `json:"shipping_address"`
	CustomerID    string        `json:"customer_id" format:"uuid"`
	PlacedAt      time.Time     `json:"placed_at"`
	DeadlineAt    time.Time     `json:"deadline_at" doc:"When the order is cancelled if it is not confirmed by then"`
	Version       int           `json:"version"`
}

// Summary is an order in a list: without its lines, its address and the details of a cancellation, which its own address has.
type Summary struct {
	ID            string         `json:"id" format:"uuid"`
	Number        string         `json:"number" maxLength:"20" doc:"What people say on the telephone"`
	Status        string         `json:"status" enum:"pending,reserved,confirmed,cancelling,cancelled,partially_shipped,shipped,delivered"`
	PaymentStatus string         `json:"payment_status" enum:"processing,captured,partially_refunded,refunded,voided,failed"`
	Total         money.Money    `json:"total"`
	Refunded      *money.Money   `json:"refunded,omitempty"`
	Units         int64          `json:"units" doc:"How many pieces were ordered, of all products together"`
	CancelReason  *SummaryReason `json:"cancel_reason,omitempty"`
	Shipments     *Shipments     `json:"shipments,omitempty"`
	CustomerID    string         `json:"customer_id" format:"uuid"`
	PlacedAt      time.Time      `json:"placed_at"`
	DeadlineAt    time.Time      `json:"deadline_at" doc:"When the order is cancelled if it is not confirmed by then"`
	Version       int            `json:"version"`
}

// maxMessage is how much a list shows of a message, which may be the card processor's, in characters.
const maxMessage = 200

// SummaryReason is a CancelReason without its details.
type SummaryReason struct {
	Code    string `json:"code" enum:"cancelled_by_customer,cancelled_by_support,timed_out,out_of_stock,payment_declined"`
	Message string `json:"message" maxLength:"200"`
}

// Line is one product of an order, at the price of the moment it was placed.
type Line struct {
	ProductID string      `json:"product_id" format:"uuid"`
	SKU       string      `json:"sku"`
	Name      string      `json:"name"`
	SellerID  string      `json:"seller_id,omitempty" format:"uuid"`
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
	ProductID string `json:"product_id" format:"uuid"`
	Wanted    int64  `json:"wanted"`
	Available int64  `json:"available"`
}

// Shipments says how many parcels there are and where they stand.
type Shipments struct {
	Total     int `json:"total"`
	Left      int `json:"left"`
	Delivered int `json:"delivered"`
}

// summaryShape is an order as a list shows it.
func summaryShape(o domain.Summary) Summary {
	shape := Summary{
		ID: o.ID, Number: o.Number, Status: string(o.Status), PaymentStatus: string(o.PaymentStatus), Total: o.Total, Units: o.Units,
		CustomerID: o.CustomerID, PlacedAt: o.PlacedAt, DeadlineAt: o.Deadline, Version: o.Version,
		Refunded: refundedShape(o.Order), Shipments: shipmentsShape(o.Order),
	}
	if o.CancelReason != nil {
		shape.CancelReason = &SummaryReason{Code: string(o.CancelReason.Code), Message: text.Cut(o.CancelReason.Message, maxMessage)}
	}
	return shape
}

// orderShape is the one conversion of a whole order on its way out.
func orderShape(o domain.Order) Order {
	shape := Order{
		ID: o.ID, Number: o.Number, Status: string(o.Status), PaymentStatus: string(o.PaymentStatus), Total: o.Total,
		Items: make([]Line, len(o.Lines)), Address: addressShape(o.Address), CustomerID: o.CustomerID,
		PlacedAt: o.PlacedAt, DeadlineAt: o.Deadline, Version: o.Version,
		Refunded: refundedShape(o), Shipments: shipmentsShape(o),
	}
	for i, l := range o.Lines {
		shape.Items[i] = Line{
			ProductID: l.ProductID, SKU: l.SKU, Name: l.Name, SellerID: l.SellerID,
			Quantity: l.Quantity, UnitPrice: l.UnitPrice, Total: l.Total,
		}
	}
	if o.CancelReason != nil {
		shape.CancelReason = reasonShape(*o.CancelReason)
	}
	return shape
}

func refundedShape(o domain.Order) *money.Money {
	if o.Refunded.IsZero() {
		return nil
	}
	return &o.Refunded
}

func shipmentsShape(o domain.Order) *Shipments {
	if o.Shipments == 0 {
		return nil
	}
	return &Shipments{Total: o.Shipments, Left: len(o.Left), Delivered: len(o.Arrived)}
}

func addressShape(a domain.Address) Address {
	return Address{
		Name: text.Line(a.Name), Line1: text.Line(a.Line1), Line2: text.Line(a.Line2), City: text.Line(a.City),
		Region: text.Line(a.Region), PostalCode: text.Line(a.PostalCode), Country: text.Country(a.Country), Phone: text.Line(a.Phone),
	}
}

func (a Address) address() domain.Address {
	return domain.Address{
		Name: string(a.Name), Line1: string(a.Line1), Line2: string(a.Line2), City: string(a.City),
		Region: string(a.Region), PostalCode: string(a.PostalCode), Country: string(a.Country), Phone: string(a.Phone),
	}
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
