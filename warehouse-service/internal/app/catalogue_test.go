package app_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	productv1 "marketplace/proto/product/v1"
)

// catalogue stands in for product-service over real gRPC.
type catalogue struct {
	productv1.UnimplementedProductServiceServer
	addr  string
	calls atomic.Int64
	away  atomic.Bool

	mu       sync.Mutex
	products map[string]bool
}

func newCatalogue(t *testing.T) *catalogue {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &catalogue{addr: listener.Addr().String(), products: map[string]bool{}}
	server := grpc.NewServer()
	productv1.RegisterProductServiceServer(server, c)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return c
}

// lamp lists a product and returns its id.
func (c *catalogue) lamp() string {
	id := uuid.Must(uuid.NewV7()).String()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.products[id] = true
	return id
}

// GetProducts answers like product-service.
func (c *catalogue) GetProducts(_ context.Context, in *productv1.GetProductsRequest) (*productv1.GetProductsResponse, error) {
	c.calls.Add(1)
	if c.away.Load() {
		return nil, status.Error(codes.Unavailable, "away")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &productv1.GetProductsResponse{}
	for _, id := range in.GetIds() {
		if c.products[id] {
			out.Products = append(out.Products, &productv1.Product{Id: id})
		}
	}
	return out, nil
}
