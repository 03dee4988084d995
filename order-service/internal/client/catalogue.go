// Package client calls the services that order-service needs an answer from.
package client

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"marketplace/order-service/internal/domain"
	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/fault"
	"marketplace/shared/money"
)

// catalogueTimeout bounds the one call that a shopper waits for.
const catalogueTimeout = 2 * time.Second

// CatalogueIdempotent lists the methods that may be sent again.
var CatalogueIdempotent = []string{productv1.ProductService_GetProducts_FullMethodName}

var errCatalogue = fault.New(fault.Unavailable, "catalogue_unavailable",
	"Prices cannot be looked up at the moment; nothing was ordered.").WithRetryAfter(2 * time.Second)

// Catalogue asks product-service.
type Catalogue struct {
	products productv1.ProductServiceClient
}

// NewCatalogue returns a client on the connection.
func NewCatalogue(connection grpc.ClientConnInterface) *Catalogue {
	return &Catalogue{products: productv1.NewProductServiceClient(connection)}
}

// Products returns those of the products that exist, by id. Whatever goes wrong there is "unavailable" here: the shopper can
// do nothing but try again.
func (c *Catalogue) Products(ctx context.Context, ids []string) (map[string]domain.Product, error) {
	ctx, cancel := context.WithTimeout(ctx, catalogueTimeout)
	defer cancel()
	reply, err := c.products.GetProducts(ctx, &productv1.GetProductsRequest{Ids: ids})
	if err != nil {
		return nil, errCatalogue.Wrap(fmt.Errorf("GetProducts: %w", err))
	}
	products := make(map[string]domain.Product, len(reply.GetProducts()))
	for _, p := range reply.GetProducts() {
		products[p.GetId()] = domain.Product{
			ID: p.GetId(), SKU: p.GetSku(), Name: p.GetName(), SellerID: p.GetSellerId(),
			Price:  money.Money{Amount: p.GetPrice().GetAmount(), Currency: p.GetPrice().GetCurrency()},
			Active: p.GetStatus() == productv1.Status_STATUS_ACTIVE,
		}
	}
	return products, nil
}
