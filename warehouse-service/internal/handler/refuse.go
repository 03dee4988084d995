package handler

import (
	"errors"
	"fmt"

	"marketplace/shared/fault"
	"marketplace/warehouse-service/internal/domain"
)

var (
	errInvalid = fault.New(fault.Invalid, "invalid", "The request has invalid parts.")
	errUnknown = fault.New(fault.Invalid, "product_unknown", "The catalogue does not know some of the products.")
)

// refusals are the domain's errors as clients see them.
var refusals = []struct {
	err   error
	fault *fault.Error
}{
	{domain.ErrNoShipment, fault.New(fault.NotFound, "not_found", "There is no such shipment.")},
	{domain.ErrNoSupply, fault.New(fault.NotFound, "not_found", "There is no such supply.")},
	{domain.ErrNoProduct, fault.New(fault.NotFound, "not_found", "There is no such product.")},
	{domain.ErrNoWarehouse, fault.New(fault.NotFound, "not_found", "There is no such warehouse.")},
	{domain.ErrWarehouseCode, fault.New(fault.Conflict, "code_taken", "Another warehouse has this code.")},
	{domain.ErrNotAllocated, fault.New(fault.Conflict, "not_allocated", "The order is not paid, or was cancelled: nothing leaves.")},
	{domain.ErrShipmentLeft, fault.New(fault.Conflict, "already_dispatched", "The shipment has left already.")},
	{domain.ErrNotDispatched, fault.New(fault.Conflict, "not_dispatched", "The shipment has not left yet.")},
	{domain.ErrDelivered, fault.New(fault.Conflict, "already_delivered", "The shipment was delivered already.")},
	{domain.ErrSupplyClosed, fault.New(fault.Conflict, "supply_closed", "The supply is received or cancelled.")},
	{domain.ErrNotOnSupply, fault.New(fault.Invalid, "product_not_on_supply", "A product is not on the supply.")},
	{domain.ErrOverReceipt, fault.New(fault.Invalid, "more_than_ordered", "More of a product than was ordered.")},
	{domain.ErrQuantity, errInvalid.WithField("body.lines", "have 1 to 1000000 of one product")},
	{domain.ErrNoLines, errInvalid.WithField("body.lines", "needs at least one line")},
}

// refuse gives an error of the domain its meaning for clients; other errors have theirs already.
func refuse(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.fault.Wrap(err)
		}
	}
	if unknown, ok := errors.AsType[*domain.UnknownProductsError](err); ok {
		f := errUnknown
		for _, position := range unknown.Positions {
			f = f.WithField(fmt.Sprintf("body.lines[%d].product_id", position), "is not in the catalogue")
		}
		return f
	}
	return err
}
