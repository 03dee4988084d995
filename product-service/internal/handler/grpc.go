package handler

import (
	"context"
	"fmt"

	"marketplace/product-service/internal/domain"
	moneyv1 "marketplace/proto/money/v1"
	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/fault"
	"marketplace/shared/ids"
)

// maxIDs is how many products one call may ask for.
const maxIDs = 200

var errTooMany = fault.New(fault.Invalid, "too_many_ids", fmt.Sprintf("At most %d ids.", maxIDs))

// GRPC answers the other services.
type GRPC struct {
	productv1.UnimplementedProductServiceServer
	Reader Reader
}

var statuses = map[domain.Status]productv1.Status{
	domain.Draft:    productv1.Status_STATUS_DRAFT,
	domain.Active:   productv1.Status_STATUS_ACTIVE,
	domain.Archived: productv1.Status_STATUS_ARCHIVED,
}

// GetProducts answers with one query by primary keys.
func (g *GRPC) GetProducts(ctx context.Context, in *productv1.GetProductsRequest) (*productv1.GetProductsResponse, error) {
	if len(in.GetIds()) > maxIDs {
		return nil, errTooMany
	}
	for i, id := range in.GetIds() {
		if !ids.Valid(id) {
			return nil, errInvalid.WithField(fmt.Sprintf("ids[%d]", i), "is not an id")
		}
	}
	products, err := g.Reader.GetMany(ctx, in.GetIds())
	if err != nil {
		return nil, err
	}
	reply := &productv1.GetProductsResponse{Products: make([]*productv1.Product, len(products))}
	for i, p := range products {
		reply.Products[i] = &productv1.Product{
			Id: p.ID, Sku: p.SKU, Name: p.Name, SellerId: p.SellerID, Status: statuses[p.Status],
			Price: &moneyv1.Money{Amount: p.Price.Amount, Currency: p.Price.Currency},
		}
	}
	return reply, nil
}
