package repository

import "marketplace/warehouse-service/internal/domain"

// The statements that run for each batch of messages, and for each question about a product.
const (
	LockFulfilments    = lockFulfilments
	SelectReservations = selectReservations
	SelectShipments    = selectShipments
	LockStock          = lockStock
	ChangeStock        = changeStockSQL
	UpdateFulfilments  = updateFulfilments
	SelectAvailable    = selectAvailable
)

// The statements behind pages of lists.
func StockPage(q domain.StockQuery) (string, []any)        { return parts(stockPage(q)) }
func MovementsPage(q domain.MovementQuery) (string, []any) { return parts(movementsPage(q)) }
func ShipmentsPage(q domain.ShipmentQuery) (string, []any) { return parts(shipmentsPage(q)) }
func SuppliesPage(q domain.SupplyQuery) (string, []any)    { return parts(suppliesPage(q)) }

func parts(q query) (string, []any) { return q.text, q.args }
