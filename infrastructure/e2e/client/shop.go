package client

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Item is a line of an order as it is asked for.
type Item struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
}

// OrderRequest is the body of POST /orders.
type OrderRequest struct {
	Items           []Item  `json:"items"`
	ShippingAddress Address `json:"shipping_address"`
	PaymentMethodID string  `json:"payment_method_id"`
}

// Address is where an order goes.
type Address struct {
	Name       string `json:"name"`
	Line1      string `json:"line1"`
	City       string `json:"city"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
}

// Home is every test person's address.
func Home() Address {
	return Address{Name: "Test Person", Line1: "1 Main Street", City: "Springfield", PostalCode: "12345", Country: "US"}
}

// Order is what the marketplace says of an order.
type Order struct {
	ID            string `json:"id"`
	Number        string `json:"number"`
	Status        string `json:"status"`
	PaymentStatus string `json:"payment_status"`
	Total         Money  `json:"total"`
	CancelReason  *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"cancel_reason"`
	PlacedAt   time.Time `json:"placed_at"`
	DeadlineAt time.Time `json:"deadline_at"`
	Version    int       `json:"version"`
}

// Shipment is one parcel of an order.
type Shipment struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Number int    `json:"number"`
	Of     int    `json:"of"`
}

// OrderOf is an order of one product, paid by a card that the processor's sandbox knows.
func OrderOf(product string, quantity int64, card string) OrderRequest {
	return OrderRequest{Items: []Item{{product, quantity}}, ShippingAddress: Home(), PaymentMethodID: card}
}

// Place places an order and wants it accepted.
func (c *Client) Place(t testing.TB, order OrderRequest) Order {
	t.Helper()
	var placed Order
	c.Do(t, http.MethodPost, "/api/v1/orders", order, Key()).Want(t, http.StatusCreated).Into(t, &placed)
	return placed
}

// Settled waits, by the API's own waiting, until the order is neither pending nor reserved.
func (c *Client) Settled(t testing.TB, id string) Order {
	t.Helper()
	var order Order
	for range 4 {
		c.Get(t, "/api/v1/orders/"+id+"?wait=10s", &order)
		if order.Status != "pending" && order.Status != "reserved" {
			return order
		}
	}
	require.Fail(t, "the order is not settled", "%+v", order)
	return order
}

// Product puts a new product with this price (USD cents) on sale and returns its id.
func (c *Client) Product(t testing.TB, price int64) string {
	t.Helper()
	var product struct {
		ID string `json:"id"`
	}
	c.Do(t, http.MethodPost, "/api/v1/products", map[string]any{
		"sku": "T-" + uuid.NewString(), "name": "Test product", "description": "For a test", "status": "active",
		"price": Money{price, "USD"},
	}, Key()).Want(t, http.StatusCreated).Into(t, &product)
	return product.ID
}

// Warehouse opens a warehouse and returns its id.
func (c *Client) Warehouse(t testing.TB) string {
	t.Helper()
	var warehouse struct {
		ID string `json:"id"`
	}
	c.Do(t, http.MethodPost, "/api/v1/warehouses", map[string]any{
		"code": "W-" + strings.ToUpper(uuid.NewString()[:8]), "name": "Test warehouse",
	}, Key()).Want(t, http.StatusCreated).Into(t, &warehouse)
	return warehouse.ID
}

// Supply brings units of products into a warehouse.
func (c *Client) Supply(t testing.TB, warehouse string, lines ...Item) {
	t.Helper()
	var supply struct {
		ID string `json:"id"`
	}
	c.Do(t, http.MethodPost, "/api/v1/supplies", map[string]any{
		"warehouse_id": warehouse, "supplier": "Test supplier", "lines": lines,
	}, Key()).Want(t, http.StatusCreated).Into(t, &supply)
	c.Do(t, http.MethodPost, "/api/v1/supplies/"+supply.ID+"/receive", map[string]any{"lines": lines}, Key()).
		Want(t, http.StatusOK)
}

// Available is how many units of a product can be ordered now.
func (c *Client) Available(t testing.TB, product string) int64 {
	t.Helper()
	var stock struct {
		Available int64 `json:"available"`
	}
	c.Get(t, "/api/v1/stock/"+product, &stock)
	return stock.Available
}

// Shipments are an order's parcels, in their order.
func (c *Client) Shipments(t testing.TB, order string) []Shipment {
	t.Helper()
	var list struct {
		Items []Shipment `json:"items"`
	}
	c.Get(t, "/api/v1/shipments?order_id="+order, &list)
	return list.Items
}
