package handler

import (
	"time"

	"google.golang.org/protobuf/proto"

	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/domain"
)

// Warehouse is a warehouse as clients see it.
type Warehouse struct {
	ID        string    `json:"id" format:"uuid"`
	Code      string    `json:"code" maxLength:"20"`
	Name      string    `json:"name" maxLength:"200"`
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"`
}

func warehouseShape(w domain.Warehouse) Warehouse {
	return Warehouse{ID: w.ID, Code: w.Code, Name: w.Name, CreatedAt: w.CreatedAt.UTC(), Version: w.Version}
}

// Line is a number of units of one product.
type Line struct {
	ProductID web.ID `json:"product_id"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

func linesOf(in []Line) []domain.Line {
	lines := make([]domain.Line, len(in))
	for i, l := range in {
		lines[i] = domain.Line{ProductID: string(l.ProductID), Quantity: l.Quantity}
	}
	return lines
}

// Supply is a supply as clients see it.
type Supply struct {
	ID          string       `json:"id" format:"uuid"`
	WarehouseID string       `json:"warehouse_id" format:"uuid"`
	Supplier    string       `json:"supplier"`
	ExpectedAt  *time.Time   `json:"expected_at,omitempty"`
	Status      string       `json:"status" enum:"expected,partially_received,received,cancelled"`
	Lines       []SupplyLine `json:"lines"`
	CreatedAt   time.Time    `json:"created_at"`
	Version     int          `json:"version"`
}

// SupplySummary is a supply in a list: without its lines, which its own address has.
type SupplySummary struct {
	ID          string     `json:"id" format:"uuid"`
	WarehouseID string     `json:"warehouse_id" format:"uuid"`
	Supplier    string     `json:"supplier" maxLength:"200"`
	ExpectedAt  *time.Time `json:"expected_at,omitempty"`
	Status      string     `json:"status" enum:"expected,partially_received,received,cancelled"`
	Ordered     int64      `json:"ordered" doc:"How many pieces, of all products together"`
	Received    int64      `json:"received"`
	CreatedAt   time.Time  `json:"created_at"`
	Version     int        `json:"version"`
}

func supplySummaryShape(s domain.SupplySummary) SupplySummary {
	return SupplySummary{
		ID: s.ID, WarehouseID: s.WarehouseID, Supplier: s.Supplier, ExpectedAt: utc(s.ExpectedAt), Status: string(s.Status),
		Ordered: s.Ordered, Received: s.Received, CreatedAt: s.CreatedAt.UTC(), Version: s.Version,
	}
}

// SupplyLine is what was ordered of a product, and what came of it.
type SupplyLine struct {
	ProductID string `json:"product_id" format:"uuid"`
	Quantity  int64  `json:"quantity" doc:"Ordered"`
	Received  int64  `json:"received"`
}

func supplyShape(s domain.Supply) Supply {
	shape := Supply{
		ID: s.ID, WarehouseID: s.WarehouseID, Supplier: s.Supplier, ExpectedAt: utc(s.ExpectedAt), Status: string(s.Status),
		Lines: make([]SupplyLine, len(s.Lines)), CreatedAt: s.CreatedAt.UTC(), Version: s.Version,
	}
	for i, l := range s.Lines {
		shape.Lines[i] = SupplyLine{ProductID: l.ProductID, Quantity: l.Ordered, Received: l.Received}
	}
	return shape
}

// Availability is what anybody may know of a product's stock.
type Availability struct {
	ProductID string `json:"product_id" format:"uuid"`
	Available int64  `json:"available"`
}

// StockRow is a product's stock in one warehouse.
type StockRow struct {
	ProductID   string `json:"product_id" format:"uuid"`
	WarehouseID string `json:"warehouse_id" format:"uuid"`
	OnHand      int64  `json:"on_hand"`
	Reserved    int64  `json:"reserved" doc:"The part that is promised to orders"`
	Available   int64  `json:"available"`
	Version     int64  `json:"version"`
}

func stockShape(s domain.StockRow) StockRow {
	return StockRow{
		ProductID: s.ProductID, WarehouseID: s.WarehouseID,
		OnHand: s.OnHand, Reserved: s.Reserved, Available: s.Available(), Version: s.Version,
	}
}

// Movement is an entry of the ledger behind on hand.
type Movement struct {
	ID          int64     `json:"id"`
	ProductID   string    `json:"product_id" format:"uuid"`
	WarehouseID string    `json:"warehouse_id" format:"uuid"`
	Quantity    int64     `json:"quantity" doc:"Negative when goods left"`
	Kind        string    `json:"kind" enum:"supply,sale"`
	Ref         string    `json:"ref" format:"uuid" doc:"The supply's or the order's id"`
	CreatedAt   time.Time `json:"created_at"`
}

func movementShape(m domain.MovementRow) Movement {
	return Movement{
		ID: m.ID, ProductID: m.ProductID, WarehouseID: m.WarehouseID, Quantity: m.Quantity, Kind: string(m.Kind),
		Ref: m.Cause, CreatedAt: m.CreatedAt.UTC(),
	}
}

// Reservation is what an order holds of a product in one warehouse.
type Reservation struct {
	OrderID     string `json:"order_id" format:"uuid"`
	ProductID   string `json:"product_id" format:"uuid"`
	WarehouseID string `json:"warehouse_id" format:"uuid"`
	Quantity    int64  `json:"quantity"`
	Status      string `json:"status" enum:"active,released,sold"`
}

// Shipment is what one warehouse sends for an order.
type Shipment struct {
	ID             string     `json:"id" format:"uuid"`
	OrderID        string     `json:"order_id" format:"uuid"`
	Number         int        `json:"number"`
	Of             int        `json:"of" doc:"How many shipments the order has"`
	WarehouseID    string     `json:"warehouse_id" format:"uuid"`
	Status         string     `json:"status" enum:"pending,dispatched,delivered,cancelled"`
	TrackingNumber string     `json:"tracking_number,omitempty" maxLength:"100"`
	ShipTo         *Address   `json:"ship_to,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	DispatchedAt   *time.Time `json:"dispatched_at,omitempty"`
	DeliveredAt    *time.Time `json:"delivered_at,omitempty"`
}

// Address is where a shipment goes, as the order says.
type Address struct {
	Name       string `json:"name" maxLength:"200"`
	Line1      string `json:"line1" maxLength:"200"`
	Line2      string `json:"line2,omitempty" maxLength:"200"`
	City       string `json:"city" maxLength:"100"`
	Region     string `json:"region,omitempty" maxLength:"100"`
	PostalCode string `json:"postal_code" maxLength:"20"`
	Country    string `json:"country" maxLength:"2"`
	Phone      string `json:"phone,omitempty" maxLength:"40"`
}

func shipmentShape(s domain.ShipmentRow) Shipment {
	return Shipment{
		ID: s.ID, OrderID: s.OrderID, Number: s.Number, Of: s.Of, WarehouseID: s.WarehouseID, Status: string(s.Status),
		TrackingNumber: s.TrackingNumber, ShipTo: addressShape(s.ShipTo),
		CreatedAt: s.CreatedAt.UTC(), DispatchedAt: utc(s.DispatchedAt), DeliveredAt: utc(s.DeliveredAt),
	}
}

// addressShape reads the address as order.confirmed brought it.
func addressShape(encoded []byte) *Address {
	var a eventsv1.Address
	if len(encoded) == 0 || proto.Unmarshal(encoded, &a) != nil {
		return nil
	}
	return &Address{
		Name: a.GetName(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(), Region: a.GetRegion(),
		PostalCode: a.GetPostalCode(), Country: a.GetCountry(), Phone: a.GetPhone(),
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
