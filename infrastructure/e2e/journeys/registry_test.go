package journeys

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/shared/testkit"
)

// upstreams are those that the gateway sends requests to.
var upstreams = []string{"user-service", "product-service", "order-service", "payment-service", "warehouse-service"}

const registeredWithin = 30 * time.Second

// eachServiceIsRegistered wants its token to be enough for that, and for its settings.
func (s *shop) eachServiceIsRegistered(t *testing.T, consul *cluster.Registry) {
	for _, service := range append([]string{"gateway"}, upstreams...) {
		testkit.Eventually(t, registeredWithin, func() bool {
			_, found := consul.Ask(t, consul.Management, http.MethodGet, "/v1/health/service/"+service+"?passing", "")
			return strings.Contains(found, service)
		}, service)
		manage(t, consul, "/v1/kv/config/"+service+"/shutdown_grace", "19s")
		testkit.Eventually(t, registeredWithin, func() bool {
			return strings.Contains(s.Process(service).Log(), `"key":"shutdown_grace","from":"20s","to":"19s"`)
		}, service)
	}
}

// deadlineChanges is what an operator does: a key, and no restart.
func (s *shop) deadlineChanges(t *testing.T, consul *cluster.Registry) {
	manage(t, consul, "/v1/kv/config/order-service/order_deadline", "20m")
	testkit.Eventually(t, registeredWithin, func() bool {
		placed := s.shopper.Place(t, client.OrderOf(s.product, 1, visa))
		require.Equal(t, "confirmed", s.shopper.Settled(t, placed.ID).Status)
		return placed.DeadlineAt.Sub(placed.PlacedAt) == 20*time.Minute
	})
}

// falseInstanceGetsNoRequest registers one of each service at an address of this machine that nobody trusts, with a token that may do
// so: that a service's own may not is shown elsewhere.
func (s *shop) falseInstanceGetsNoRequest(t *testing.T, consul *cluster.Registry) {
	fake, order := newFake(t, "127.9.9.9"), s.Process("order-service")
	for _, service := range upstreams {
		fake.register(t, consul, service)
		metric(t, s.Metrics, `discovery_untrusted_instances{service="`+service+`"} 1`)
	}
	for _, caller := range []*cluster.Process{order, s.Process("warehouse-service")} {
		metric(t, caller.URL(), `discovery_untrusted_instances{service="product-service"} 1`)
	}
	for range 10 {
		shopper, _ := s.Anyone().Register(t)
		require.Equal(t, "confirmed", shopper.Settled(t, shopper.Place(t, client.OrderOf(s.product, 1, visa)).ID).Status)
		for _, path := range []string{"users/me", "products", "orders", "payments"} {
			shopper.Do(t, http.MethodGet, "/api/v1/"+path, nil).Want(t, http.StatusOK)
		}
		s.keeper.Do(t, http.MethodGet, "/api/v1/warehouses", nil).Want(t, http.StatusOK)
	}
	require.Zero(t, fake.requests.Load(), "REST")
	require.Zero(t, fake.connections.Load(), "gRPC")
	require.Equal(t, 1, strings.Count(order.Log(), "are not called"))
	for _, service := range upstreams {
		fake.deregister(t, consul, service)
		metric(t, s.Metrics, `discovery_untrusted_instances{service="`+service+`"} 0`)
	}

	// Where its address is trusted, such an instance is called, as this test would see.
	near := newFake(t, "127.0.0.1")
	near.register(t, consul, "warehouse-service")
	testkit.Eventually(t, registeredWithin, func() bool {
		s.keeper.Do(t, http.MethodGet, "/api/v1/warehouses", nil)
		return near.requests.Load() > 0
	})
	near.deregister(t, consul, "warehouse-service")
	metric(t, s.Metrics, `gateway_instances{service="warehouse-service"} 1`)
}

// metric waits until a process has this line among its metrics.
func metric(t *testing.T, process, line string) {
	t.Helper()
	testkit.Eventually(t, registeredWithin, func() bool {
		reply, err := http.Get(process + "/metrics")
		require.NoError(t, err)
		defer reply.Body.Close()
		text, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		return strings.Contains(string(text), "\n"+line+"\n")
	}, line)
}

func manage(t *testing.T, consul *cluster.Registry, path, body string) {
	t.Helper()
	status, reply := consul.Ask(t, consul.Management, http.MethodPut, path, body)
	require.Equal(t, http.StatusOK, status, reply)
}

// fake is an instance that no service started: it counts who comes.
type fake struct {
	host                  string
	rest, grpc            int
	requests, connections atomic.Int64
}

func newFake(t *testing.T, host string) *fake {
	t.Helper()
	f := &fake{host: host}
	rest := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { f.requests.Add(1) }))
	require.NoError(t, rest.Listener.Close())
	rest.Listener = f.listen(t)
	f.rest = rest.Listener.Addr().(*net.TCPAddr).Port
	rest.Start()
	t.Cleanup(rest.Close)

	grpc := f.listen(t)
	f.grpc = grpc.Addr().(*net.TCPAddr).Port
	var done sync.WaitGroup
	done.Go(func() {
		for {
			connection, err := grpc.Accept()
			if err != nil {
				return
			}
			f.connections.Add(1)
			_ = connection.Close()
		}
	})
	t.Cleanup(func() { _ = grpc.Close(); done.Wait() })
	return f
}

func (f *fake) listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(f.host, "0"))
	require.NoError(t, err)
	return listener
}

// register needs no check: what has none passes.
func (f *fake) register(t *testing.T, consul *cluster.Registry, service string) {
	t.Helper()
	manage(t, consul, "/v1/agent/service/register", fmt.Sprintf(
		`{"ID": "%[1]s-false", "Name": "%[1]s", "Address": %[2]q, "Port": %[3]d, "Meta": {"grpc_port": "%[4]d"}}`, service, f.host, f.rest, f.grpc))
}

func (f *fake) deregister(t *testing.T, consul *cluster.Registry, service string) {
	t.Helper()
	manage(t, consul, "/v1/agent/service/deregister/"+service+"-false", "")
}
