package journeys

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
)

// The journeys share one marketplace, because starting one takes seconds; each has its own shopper.
func TestJourneys(t *testing.T) {
	t.Parallel()
	consul := cluster.Consul(t)
	careful := []string{"TRUSTED_UPSTREAMS=127.0.0.1"} // and not all of 127.0.0.0/8
	s := openShop(t, cluster.Options{Consul: consul, Env: map[string][]string{
		"gateway": careful, "order-service": careful, "warehouse-service": careful,
	}})
	t.Run("P46 each service is registered with its own token", func(t *testing.T) { s.eachServiceIsRegistered(t, consul) })
	t.Run("order is confirmed", s.orderIsConfirmed)
	t.Run("cancelled order gives stock and money back", s.cancelledOrderGivesStockAndMoneyBack)
	t.Run("order from two warehouses is shipped and delivered", s.orderFromTwoWarehousesIsDelivered)
	t.Run("shipped order cannot be cancelled", s.shippedOrderCannotBeCancelled)
	t.Run("declined card cancels", s.declinedCardCancels)
	t.Run("out of stock cancels and says what is short", s.outOfStockCancels)
	t.Run("support refunds a part", s.supportRefundsAPart)
	t.Run("same key gives the same reply", s.sameKeySameReply)
	t.Run("P32 somebody else's order is not there", s.othersOrderIsNotThere)
	t.Run("P33 extra fields are refused", s.extraFieldsAreRefused)
	t.Run("P34 identity comes from the token only", s.identityComesFromTheToken)
	t.Run("bad input", s.badInput)
	t.Run("OpenAPI document is whole", s.openAPIIsWhole)
	t.Run("Swagger UI is local", s.swaggerIsLocal)
	t.Run("a deadline changes by a key in Consul", func(t *testing.T) { s.deadlineChanges(t, consul) })
	t.Run("P46 a false instance elsewhere gets no request", func(t *testing.T) { s.falseInstanceGetsNoRequest(t, consul) })
	t.Run("invariants", s.invariants)
}

func (s *shop) orderIsConfirmed(t *testing.T) {
	placed := s.shopper.Place(t, client.OrderOf(s.product, 2, visa))
	require.Equal(t, "pending", placed.Status)
	require.Equal(t, client.Money{Amount: 2 * price, Currency: "USD"}, placed.Total)

	order := s.shopper.Settled(t, placed.ID)
	require.Equal(t, "confirmed", order.Status)
	require.Equal(t, "captured", order.PaymentStatus)
	s.paymentStatus(t, placed.ID, "captured")
	s.available(t, stock-2)

	var timeline struct {
		Items []struct {
			Seq  int    `json:"seq"`
			Type string `json:"type"`
		} `json:"items"`
	}
	s.shopper.Get(t, "/api/v1/orders/"+placed.ID+"/events", &timeline)
	var types []string
	for i, event := range timeline.Items {
		require.Equal(t, i+1, event.Seq)
		types = append(types, event.Type)
	}
	require.Equal(t, "order.placed", types[0])
	require.Contains(t, types, "order.confirmed")

	var mine struct {
		Items []client.Order `json:"items"`
	}
	s.shopper.Get(t, "/api/v1/orders", &mine)
	require.Equal(t, placed.ID, mine.Items[0].ID)
}

func (s *shop) cancelledOrderGivesStockAndMoneyBack(t *testing.T) {
	before := s.shopper.Available(t, s.product)
	placed := s.shopper.Place(t, client.OrderOf(s.product, 3, visa))
	s.shopper.Settled(t, placed.ID)

	s.shopper.Do(t, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "changed my mind"}).
		Want(t, http.StatusOK)
	order := s.orderStatus(t, placed.ID, "cancelled")
	require.Equal(t, "cancelled_by_customer", order.CancelReason.Code)
	s.paymentStatus(t, placed.ID, "refunded")
	s.available(t, before)
	s.shopper.Do(t, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "again"}).
		Want(t, http.StatusOK)
}

func (s *shop) orderFromTwoWarehousesIsDelivered(t *testing.T) {
	product, second := s.seller.Product(t, price), s.keeper.Warehouse(t)
	s.keeper.Supply(t, s.warehouse, client.Item{ProductID: product, Quantity: 2})
	s.keeper.Supply(t, second, client.Item{ProductID: product, Quantity: 2})
	placed := s.shopper.Place(t, client.OrderOf(product, 4, visa))
	require.Equal(t, "confirmed", s.shopper.Settled(t, placed.ID).Status)

	shipments := s.waitShipments(t, placed.ID, 2)
	s.dispatch(t, shipments[0])
	s.orderStatus(t, placed.ID, "partially_shipped")
	s.dispatch(t, shipments[1])
	s.orderStatus(t, placed.ID, "shipped")
	for _, shipment := range shipments {
		s.keeper.Do(t, http.MethodPost, "/api/v1/shipments/"+shipment.ID+"/deliver", nil, client.Key()).Want(t, http.StatusOK)
	}
	s.orderStatus(t, placed.ID, "delivered")
	require.Zero(t, s.shopper.Available(t, product))
}

func (s *shop) shippedOrderCannotBeCancelled(t *testing.T) {
	placed := s.shopper.Place(t, client.OrderOf(s.product, 1, visa))
	s.shopper.Settled(t, placed.ID)
	s.dispatch(t, s.waitShipments(t, placed.ID, 1)[0])
	s.orderStatus(t, placed.ID, "shipped")
	s.shopper.Do(t, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "too late"}).
		WantProblem(t, http.StatusConflict, "already_shipped")
}

func (s *shop) waitShipments(t *testing.T, order string, want int) []client.Shipment {
	t.Helper()
	var shipments []client.Shipment
	require.Eventually(t, func() bool {
		shipments = s.keeper.Shipments(t, order)
		return len(shipments) == want
	}, quietWithin, 50*time.Millisecond, "%d shipments of %s", want, order)
	return shipments
}

func (s *shop) dispatch(t *testing.T, shipment client.Shipment) {
	t.Helper()
	s.keeper.Do(t, http.MethodPost, "/api/v1/shipments/"+shipment.ID+"/dispatch",
		map[string]string{"tracking_number": "TRACK-1"}, client.Key()).Want(t, http.StatusOK)
}

func (s *shop) declinedCardCancels(t *testing.T) {
	before := s.shopper.Available(t, s.product)
	placed := s.shopper.Place(t, client.OrderOf(s.product, 1, "pm_card_chargeDeclined"))
	order := s.shopper.Settled(t, placed.ID)
	require.Equal(t, "cancelled", order.Status)
	require.Equal(t, "payment_declined", order.CancelReason.Code)
	s.available(t, before)
}

func (s *shop) outOfStockCancels(t *testing.T) {
	scarce := s.seller.Product(t, price)
	s.keeper.Supply(t, s.warehouse, client.Item{ProductID: scarce, Quantity: 1})
	placed := s.shopper.Place(t, client.OrderOf(scarce, 2, visa))
	order := s.shopper.Settled(t, placed.ID)
	require.Equal(t, "cancelled", order.Status)
	require.Equal(t, "out_of_stock", order.CancelReason.Code)
	require.EqualValues(t, 1, s.shopper.Available(t, scarce))
}

func (s *shop) supportRefundsAPart(t *testing.T) {
	placed := s.shopper.Place(t, client.OrderOf(s.product, 1, visa))
	s.shopper.Settled(t, placed.ID)
	var list struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	s.shopper.Get(t, "/api/v1/payments?order_id="+placed.ID, &list)
	refund := map[string]any{"amount": client.Money{Amount: 100, Currency: "USD"}, "reason": "scratched"}
	path := "/api/v1/payments/" + list.Items[0].ID + "/refunds"
	s.shopper.Do(t, http.MethodPost, path, refund, client.Key()).Want(t, http.StatusForbidden)
	s.support.Do(t, http.MethodPost, path, refund, client.Key()).Want(t, http.StatusCreated)
	s.paymentStatus(t, placed.ID, "partially_refunded")
}

func (s *shop) sameKeySameReply(t *testing.T) {
	key, order := client.Key(), client.OrderOf(s.product, 1, visa)
	first := s.shopper.Do(t, http.MethodPost, "/api/v1/orders", order, key).Want(t, http.StatusCreated)
	again := s.shopper.Do(t, http.MethodPost, "/api/v1/orders", order, key).Want(t, http.StatusCreated)
	require.Equal(t, first.Body, again.Body)
	require.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
	require.Equal(t, first.Header.Get("Etag"), again.Header.Get("Etag"))
	order.Items[0].Quantity = 2
	s.shopper.Do(t, http.MethodPost, "/api/v1/orders", order, key).
		WantProblem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
}
