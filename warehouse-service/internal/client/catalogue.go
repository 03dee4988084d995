// Package client calls the services that warehouse-service needs an answer from.
package client

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	productv1 "marketplace/proto/product/v1"
	"marketplace/shared/fault"
)

// catalogueTimeout bounds the call that a person waits for.
const catalogueTimeout = 2 * time.Second

// CatalogueIdempotent lists the methods that may be sent again.
var CatalogueIdempotent = []string{productv1.ProductService_GetProducts_FullMethodName}

var errCatalogue = fault.New(fault.Unavailable, "catalogue_unavailable",
	"Products cannot be looked up at the moment; nothing was done.").WithRetryAfter(2 * time.Second)

// Catalogue asks product-service.
type Catalogue struct {
	products productv1.ProductServiceClient
}

// NewCatalogue returns a client on the connection.
func NewCatalogue(connection grpc.ClientConnInterface) *Catalogue {
	return &Catalogue{products: productv1.NewProductServiceClient(connection)}
}

// Known returns those of the ids that are products, whatever their status: goods may arrive before a product is shown, and after it
// was archived.
func (c *Catalogue) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, catalogueTimeout)
	defer cancel()
	reply, err := c.products.GetProducts(ctx, &productv1.GetProductsRequest{Ids: ids})
	if err != nil {
		return nil, errCatalogue.Wrap(fmt.Errorf("GetProducts: %w", err))
	}
	known := make(map[string]bool, len(reply.GetProducts()))
	for _, p := range reply.GetProducts() {
		known[p.GetId()] = true
	}
	return known, nil
}
