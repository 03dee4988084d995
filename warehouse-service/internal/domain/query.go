package domain

import "time"

// What lists are asked for. After is the sort key of the last item before the page, zero at the beginning; an empty filter
// lets everything through.
type (
	StockQuery struct {
		ProductID, WarehouseID string
		Low                    bool // available is below LowStock
		After                  Key
		Limit                  int
	}
	MovementQuery struct {
		ProductID, WarehouseID string
		From, To               time.Time
		Before                 int64 // the newest come first; 0 at the beginning
		Limit                  int
	}
	ShipmentQuery struct {
		OrderID string
		Status  ShipmentStatus
		Before  string // the newest come first
		Limit   int
	}
	SupplyQuery struct {
		WarehouseID string
		Status      SupplyStatus
		Before      string // the newest come first
		Limit       int
	}
)

// LowStock is the number of available units below which a row is listed as low. The triggers that keep low_stock know it too.
const LowStock = 10

// What lists hold, beside what the rules need.
type (
	StockRow struct {
		Key
		Level
		Version int64
	}
	MovementRow struct {
		ID int64
		Movement
		CreatedAt time.Time
	}
	ShipmentRow struct {
		ID      string
		OrderID string
		Of      int
		Shipment
		ShipTo       []byte
		CreatedAt    time.Time
		DispatchedAt *time.Time
		DeliveredAt  *time.Time
	}
)
