package repository

// The statements that run for each batch of messages.
const (
	LockFulfilments    = lockFulfilments
	SelectReservations = selectReservations
	SelectShipments    = selectShipments
	LockStock          = lockStock
	ChangeStock        = changeStockSQL
	UpdateFulfilments  = updateFulfilments
)
