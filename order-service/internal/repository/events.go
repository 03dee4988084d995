package repository

import (
	"encoding/json"
	"fmt"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/money"
)

// The shapes in which events are stored. What is stored stays readable for ever: a field may be added, a type may be
// added, nothing is renamed.
type (
	placedData struct {
		Number        string      `json:"number"`
		CustomerID    string      `json:"customer_id"`
		Items         []itemData  `json:"items"`
		Total         money.Money `json:"total"`
		Address       addressData `json:"shipping_address"`
		PaymentMethod string      `json:"payment_method_id"`
		PlacedAt      time.Time   `json:"placed_at"`
		DeadlineAt    time.Time   `json:"deadline_at"`
	}
	itemData struct {
		ProductID string      `json:"product_id"`
		SellerID  string      `json:"seller_id,omitempty"`
		SKU       string      `json:"sku"`
		Name      string      `json:"name"`
		Quantity  int64       `json:"quantity"`
		UnitPrice money.Money `json:"unit_price"`
		Total     money.Money `json:"total"`
	}
	addressData struct {
		Name       string `json:"name"`
		Line1      string `json:"line1"`
		Line2      string `json:"line2,omitempty"`
		City       string `json:"city"`
		Region     string `json:"region,omitempty"`
		PostalCode string `json:"postal_code"`
		Country    string `json:"country"`
		Phone      string `json:"phone,omitempty"`
	}
	reasonData struct {
		Code      domain.CancelCode `json:"code"`
		Message   string            `json:"message"`
		Note      string            `json:"note,omitempty"`
		Decline   string            `json:"decline_code,omitempty"`
		Shortages []shortageData    `json:"shortages,omitempty"`
	}
	shortageData struct {
		ProductID string `json:"product_id"`
		Wanted    int64  `json:"wanted"`
		Available int64  `json:"available"`
	}
	cancelData struct {
		Reason reasonData `json:"reason"`
	}
	confirmedData struct {
		Captured money.Money `json:"captured"`
	}
	shipmentData struct {
		Number   int    `json:"number"`
		Of       int    `json:"of"`
		Tracking string `json:"tracking_number,omitempty"`
	}
	refundData struct {
		Amount   money.Money `json:"amount"`
		Refunded money.Money `json:"refunded"`
		Cause    string      `json:"cause,omitempty"`
	}
	nothing struct{}
)

// encode returns what is stored of an event beside its type.
func encode(e domain.Event) (json.RawMessage, error) {
	var data any
	switch e := e.(type) {
	case domain.OrderPlaced:
		data = placedOf(e.Order)
	case domain.OrderConfirmed:
		data = confirmedData{e.Captured}
	case domain.CancelRequested:
		data = cancelData{reasonOf(e.Reason)}
	case domain.OrderCancelled:
		data = cancelData{reasonOf(e.Reason)}
	case domain.ShipmentDispatched:
		data = shipmentData{e.Number, e.Of, e.Tracking}
	case domain.ShipmentDelivered:
		data = shipmentData{Number: e.Number, Of: e.Of}
	case domain.PaymentRefunded:
		data = refundData{e.Amount, e.Refunded, e.Cause}
	case domain.StockReserved, domain.CancellationTooLate:
		data = nothing{}
	default:
		return nil, fmt.Errorf("event %s has no stored shape", e.Type())
	}
	return json.Marshal(data)
}

// decode reads an event back.
func decode(orderID, eventType string, data []byte) (domain.Event, error) {
	switch eventType {
	case domain.OrderPlaced{}.Type():
		return as(data, func(d placedData) domain.Event { return domain.OrderPlaced{Order: d.order(orderID)} })
	case domain.OrderConfirmed{}.Type():
		return as(data, func(d confirmedData) domain.Event { return domain.OrderConfirmed{Captured: d.Captured} })
	case domain.CancelRequested{}.Type():
		return as(data, func(d cancelData) domain.Event { return domain.CancelRequested{Reason: d.Reason.reason()} })
	case domain.OrderCancelled{}.Type():
		return as(data, func(d cancelData) domain.Event { return domain.OrderCancelled{Reason: d.Reason.reason()} })
	case domain.ShipmentDispatched{}.Type():
		return as(data, func(d shipmentData) domain.Event {
			return domain.ShipmentDispatched{Number: d.Number, Of: d.Of, Tracking: d.Tracking}
		})
	case domain.ShipmentDelivered{}.Type():
		return as(data, func(d shipmentData) domain.Event { return domain.ShipmentDelivered{Number: d.Number, Of: d.Of} })
	case domain.PaymentRefunded{}.Type():
		return as(data, func(d refundData) domain.Event {
			return domain.PaymentRefunded{Amount: d.Amount, Refunded: d.Refunded, Cause: d.Cause}
		})
	case domain.StockReserved{}.Type():
		return domain.StockReserved{}, nil
	case domain.CancellationTooLate{}.Type():
		return domain.CancellationTooLate{}, nil
	}
	return nil, fmt.Errorf("stored event of unknown type %s", eventType)
}

func as[T any](data []byte, event func(T) domain.Event) (domain.Event, error) {
	var d T
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("stored event: %w", err)
	}
	return event(d), nil
}

func placedOf(o domain.Order) placedData {
	d := placedData{
		Number: o.Number, CustomerID: o.CustomerID, Total: o.Total, Address: addressData(o.Address),
		PaymentMethod: o.PaymentMethod, PlacedAt: o.PlacedAt, DeadlineAt: o.Deadline,
	}
	for _, l := range o.Lines {
		d.Items = append(d.Items, itemData{l.ProductID, l.SellerID, l.SKU, l.Name, l.Quantity, l.UnitPrice, l.Total})
	}
	return d
}

func (d placedData) order(id string) domain.Order {
	o := domain.Order{
		ID: id, Number: d.Number, CustomerID: d.CustomerID, Total: d.Total, Address: domain.Address(d.Address),
		PaymentMethod: d.PaymentMethod, Status: domain.Pending, PaymentStatus: domain.PaymentStatusProcessing,
		PlacedAt: d.PlacedAt, Deadline: d.DeadlineAt,
	}
	for _, i := range d.Items {
		o.Lines = append(o.Lines, domain.Line{
			ProductID: i.ProductID, SellerID: i.SellerID, SKU: i.SKU, Name: i.Name,
			Quantity: i.Quantity, UnitPrice: i.UnitPrice, Total: i.Total,
		})
	}
	return o
}

func reasonOf(r domain.CancelReason) reasonData {
	d := reasonData{Code: r.Code, Message: r.Message, Note: r.Note, Decline: r.Decline}
	for _, s := range r.Shortages {
		d.Shortages = append(d.Shortages, shortageData(s))
	}
	return d
}

func (d reasonData) reason() domain.CancelReason {
	r := domain.CancelReason{Code: d.Code, Message: d.Message, Note: d.Note, Decline: d.Decline}
	for _, s := range d.Shortages {
		r.Shortages = append(r.Shortages, domain.Shortage(s))
	}
	return r
}
