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
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	moneyv1 "marketplace/proto/money/v1"
	productv1 "marketplace/proto/product/v1"
)

// catalogue stands in for product-service over real gRPC.
type catalogue struct {
	productv1.UnimplementedProductServiceServer
	addr  string
	calls atomic.Int64
	away  atomic.Bool
	hold  atomic.Pointer[chan struct{}] // while set, calls wait for it

	mu       sync.Mutex
	products map[string]*productv1.Product
}

func newCatalogue(t *testing.T) *catalogue {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &catalogue{addr: listener.Addr().String(), products: map[string]*productv1.Product{}}
	server := grpc.NewServer()
	productv1.RegisterProductServiceServer(server, c)
	healthv1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return c
}

// add lists a product and returns its id.
func (c *catalogue) add(amount int64, currency string, state productv1.Status) string {
	id := uuid.Must(uuid.NewV7()).String()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.products[id] = &productv1.Product{
		Id: id, Sku: "SKU-" + id[:4], Name: "Lamp", SellerId: "seller", Status: state,
		Price: &moneyv1.Money{Amount: amount, Currency: currency},
	}
	return id
}

// lamp is a product of 5 dollars.
func (c *catalogue) lamp() string { return c.add(500, "USD", productv1.Status_STATUS_ACTIVE) }

// GetProducts answers like product-service.
func (c *catalogue) GetProducts(ctx context.Context, in *productv1.GetProductsRequest) (*productv1.GetProductsResponse, error) {
	c.calls.Add(1)
	if c.away.Load() {
		return nil, status.Error(codes.Unavailable, "away")
	}
	if hold := c.hold.Load(); hold != nil {
		select {
		case <-*hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &productv1.GetProductsResponse{}
	for _, id := range in.GetIds() {
		if p := c.products[id]; p != nil {
			out.Products = append(out.Products, p)
		}
	}
	return out, nil
}
