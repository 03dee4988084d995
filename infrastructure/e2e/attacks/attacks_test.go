package attacks

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
)

// mostGrowth is how much a process may grow during an attack. The same attacks took 650 MB, 1.58 GB and 860 MB before bodies,
// replies and pages had their bounds.
const mostGrowth = 100 << 20

// attacker is another address than that of those who only want to buy something: limits are per address.
const attacker = "127.0.0.2"

// attack goes on until ctx ends, and returns how many requests it has sent.
type attack struct {
	name string
	run  func(ctx context.Context, t *testing.T, m *market) int
}

// market is the marketplace that is attacked, and somebody who wants to use it meanwhile.
type market struct {
	*cluster.Cluster
	host    string // of the gateway
	shopper *client.Client
	user    client.User
}

// However many send what is large, the memory of every process stays flat, and others go on as usual. Each attack lasts ten
// seconds, and two with -short.
func TestAttacks_MemoryStaysFlat(t *testing.T) {
	m := open(t)
	lasts := 10 * time.Second
	if testing.Short() {
		lasts = 2 * time.Second
	}
	for _, a := range []attack{
		{"40 at once refresh with 1 MB of unknown fields", refreshes},
		{"40 at once refresh with as many unknown fields as the limit allows", smallRefreshes},
		{"12 at once order 340,000 empty items", orders},
		{"120 readers of a page of 100 products full of emoji, or of one, who never read", slowReaders},
	} {
		t.Run(a.name, func(t *testing.T) {
			before := measure(t, m.Cluster)
			forgetPeak(t, m.Cluster)
			ctx, cancel := context.WithTimeout(t.Context(), lasts)
			defer cancel()
			var visits []time.Duration
			var visitor sync.WaitGroup
			visitor.Go(func() { visits = m.visit(ctx, t) })
			sent := a.run(ctx, t, m)
			visitor.Wait()
			after := measure(t, m.Cluster)
			t.Logf("%d requests in %s, %d visits meanwhile, the slowest took %s\n%s", sent, lasts, len(visits), slowest(visits),
				table(m.Cluster, before, after))
			require.Positive(t, sent)
			require.NotEmpty(t, visits)
			for name, is := range after {
				require.Less(t, is.peak-before[name].now, mostGrowth, "%s grew by %.0f MB", name, mb(is.peak-before[name].now))
			}
		})
	}
}

// open starts a marketplace with a page of products that are as large as products can be.
func open(t *testing.T) *market {
	t.Helper()
	many := []string{"LOGINS_PER_ADDRESS=100000", "LOGINS_PER_ACCOUNT=100000", "LOGINS_PER_ACCOUNT_EVERYWHERE=1000000"}
	m := &market{Cluster: cluster.Start(t, cluster.Options{Env: map[string][]string{"user-service": many}})}
	gateway, err := url.Parse(m.Gateway)
	require.NoError(t, err)
	m.host = gateway.Host
	m.shopper, m.user = m.Anyone().Register(t)
	seller := m.Anyone().Staff(t, m.Admin(t), "seller")
	attributes := map[string]string{}
	for i := range 50 {
		attributes[fmt.Sprintf("attribute %d", i)] = strings.Repeat("\U0001F600", 375) // 500 characters of three bytes
	}
	for range 100 {
		seller.Do(t, http.MethodPost, "/api/v1/products", map[string]any{
			"sku": "T-" + uuid.NewString(), "name": strings.Repeat("\U0001F600", 150), "status": "active",
			"description": strings.Repeat("\U0001F600", 7500), "attributes": attributes,
			"price": client.Money{Amount: 1000, Currency: "USD"},
		}, client.Key()).Want(t, http.StatusCreated)
	}
	return m
}

// visit is somebody who signs in and looks around until ctx ends. All of it must work.
func (m *market) visit(ctx context.Context, t *testing.T) (took []time.Duration) {
	for ; ctx.Err() == nil; client.Pause(ctx, 100*time.Millisecond) {
		start := time.Now()
		for _, r := range []struct {
			method, path string
			body         any
		}{
			{http.MethodPost, "/api/v1/auth/login", map[string]string{"email": m.user.Email, "password": client.Password}},
			{http.MethodGet, "/api/v1/products?limit=1", nil},
			{http.MethodGet, "/api/v1/orders", nil},
		} {
			reply, err := m.shopper.Send(t.Context(), r.method, r.path, r.body)
			if err != nil || reply.Status != http.StatusOK {
				t.Errorf("%s %s during the attack: %v %s", r.method, r.path, err, reply)
				return took
			}
		}
		took = append(took, time.Since(start))
	}
	return took
}

func slowest(visits []time.Duration) (most time.Duration) {
	for _, took := range visits {
		most = max(most, took)
	}
	return most.Round(time.Millisecond)
}

// unknownFields is a JSON object of about so many bytes.
func unknownFields(size int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; b.Len() < size-16; i++ {
		fmt.Fprintf(&b, `"a%d":1,`, i)
	}
	return b.String() + `"z":1}`
}

func refreshes(ctx context.Context, t *testing.T, m *market) int {
	return m.flood(ctx, t, 40, "/api/v1/auth/refresh", unknownFields(1<<20), "")
}

func smallRefreshes(ctx context.Context, t *testing.T, m *market) int {
	return m.flood(ctx, t, 40, "/api/v1/auth/refresh", unknownFields(4<<10), "")
}

func orders(ctx context.Context, t *testing.T, m *market) int {
	body := `{"items":[` + strings.TrimSuffix(strings.Repeat("{},", 340_000), ",") + `]}`
	return m.flood(ctx, t, 12, "/api/v1/orders", body, m.shopper.Token())
}

// flood sends a body again and again, so many at once. All must be refused, and none may get a long reply.
func (m *market) flood(ctx context.Context, t *testing.T, atOnce int, path, body, token string) int {
	t.Helper()
	var sent atomic.Int64
	var group errgroup.Group
	sender := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: atOnce, DialContext: from(attacker).DialContext,
	}}
	for range atOnce {
		group.Go(func() error {
			for ctx.Err() == nil {
				status, length, err := post(ctx, sender, m.Gateway+path, body, token)
				switch {
				case err != nil:
					continue // an early refusal may close the connection while the body is still being sent
				case status < 400 || status >= 500:
					return fmt.Errorf("the reply is %d", status)
				case length > 8<<10:
					return fmt.Errorf("the reply has %d bytes", length)
				}
				sent.Add(1)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	return int(sent.Load())
}

func from(address string) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 5 * time.Second}
}

func post(ctx context.Context, sender *http.Client, target, body, token string) (status int, length int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", uuid.NewString())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := sender.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	length, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, length, err
}

// slowReaders ask for the largest page, and for the largest product, and read nothing of it: 60 of each.
func slowReaders(ctx context.Context, t *testing.T, m *market) int {
	t.Helper()
	var page struct{ Items []struct{ ID string } }
	m.shopper.Get(t, "/api/v1/products?limit=1", &page)
	asked := 0
	for _, path := range []string{"/api/v1/products?limit=100", "/api/v1/products/" + page.Items[0].ID} {
		for range 60 {
			connection, err := from(attacker).DialContext(ctx, "tcp", m.host)
			require.NoError(t, err)
			defer connection.Close()
			require.NoError(t, connection.(*net.TCPConn).SetReadBuffer(4<<10))
			_, err = fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, m.host)
			require.NoError(t, err)
			asked++
		}
	}
	<-ctx.Done()
	return asked
}
