package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	sharedconfig "marketplace/shared/config"
	"marketplace/shared/testkit"
	"marketplace/warehouse-service/internal/app"
	"marketplace/warehouse-service/internal/config"
	"marketplace/warehouse-service/migrations"
)

const schema = "warehouse_service"

// depot is warehouse-service with everything around it: a database and a vhost of its own, a catalogue, tokens.
type depot struct {
	t         *testing.T
	config    config.Config
	db        testkit.DB
	catalogue *catalogue
	issuer    *authtest.Issuer
	url       string
}

// newDepot prepares a depot whose service does not run yet.
func newDepot(t *testing.T) *depot {
	t.Helper()
	d := &depot{t: t, db: testkit.Database(t, schema, migrations.Files), catalogue: newCatalogue(t), issuer: authtest.New(t)}
	d.config = config.Config{Fixed: config.Fixed{
		Common: sharedconfig.Common{
			Environment: sharedconfig.Development, LogFormat: "console",
			DatabaseURL: sharedconfig.Secret(d.db.URL), MaxConns: testkit.MaxConns(t, 5),
			RedisURL: "redis://127.0.0.1:1/0", RabbitURL: sharedconfig.Secret(testkit.VHost(t)), JWKSURL: d.issuer.JWKSURL,
		},
		ProductServiceAddr: d.catalogue.addr,
	}, Live: config.Live{CommonLive: sharedconfig.CommonLive{LogLevel: "warn", ShutdownGrace: 20 * time.Second}}}
	d.listen()
	return d
}

// open prepares a depot and runs its service until the test ends.
func open(t *testing.T, change ...func(*config.Config)) *depot {
	t.Helper()
	d := newDepot(t)
	for _, f := range change {
		f(&d.config)
	}
	d.run()
	d.ready()
	return d
}

// run starts one replica, which stops when the test ends.
func (d *depot) run() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, d.config) }()
	d.t.Cleanup(func() {
		cancel()
		require.NoError(d.t, <-ended)
	})
}

// replica starts another one beside the first.
func (d *depot) replica() *depot {
	other := *d
	other.listen()
	other.run()
	return &other
}

// listen chooses the service's port.
func (d *depot) listen() {
	d.config.ServerPort = testkit.FreePort(d.t)
	d.url = "http://127.0.0.1:" + strconv.Itoa(d.config.ServerPort)
}

func (d *depot) ready() {
	d.t.Helper()
	testkit.Eventually(d.t, 30*time.Second, func() error {
		res, err := plain.Get(d.url + "/health/ready")
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("ready: %s", res.Status)
		}
		return nil
	})
}

// plain keeps no connections, so that none leaks.
var plain = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// person calls the service with a token.
type person struct {
	depot *depot
	token string
}

func (d *depot) worker() *person { return d.person(auth.RoleWarehouse) }

func (d *depot) person(roles ...string) *person {
	return &person{depot: d, token: d.issuer.As(d.t, uuid.NewString(), roles...)}
}

// reply is what came back.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

// as reads the body of a reply that must be a success.
func as[T any](t *testing.T, r reply) (v T) {
	t.Helper()
	require.Less(t, r.Status, 300, r.Body)
	require.NoError(t, json.Unmarshal([]byte(r.Body), &v))
	return v
}

// code is the problem's code.
func (r reply) code(t *testing.T) string {
	t.Helper()
	require.Contains(t, r.Header.Get("Content-Type"), "application/problem+json", r.Body)
	var p struct{ Code string }
	require.NoError(t, json.Unmarshal([]byte(r.Body), &p))
	return p.Code
}

// call sends a request; headers come in pairs.
func (p *person) call(method, path, body string, headers ...string) reply {
	p.depot.t.Helper()
	req, err := http.NewRequest(method, p.depot.url+"/api/v1"+path, bytes.NewBufferString(body))
	require.NoError(p.depot.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := plain.Do(req)
	require.NoError(p.depot.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(p.depot.t, err)
	return reply{Status: res.StatusCode, Header: res.Header, Body: string(text)}
}

// count asks the database.
func (d *depot) count(query string, args ...any) (n int) {
	d.t.Helper()
	require.NoError(d.t, d.db.Pool.QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

// invariants are the numbers 4, 5 and 6 of the promises, and what a fulfilment's state says about the rest.
func (d *depot) invariants() {
	d.t.Helper()
	for name, query := range map[string]string{
		"4: stock within its bounds": `select count(*) from stock where on_hand < 0 or reserved < 0 or reserved > on_hand`,
		"5: on hand is the sum of movements": `select count(*) from stock s where on_hand <>
			(select coalesce(sum(quantity), 0) from movements m where (m.product_id, m.warehouse_id) = (s.product_id, s.warehouse_id))`,
		"5: reserved is the sum of active reservations": `select count(*) from stock s where reserved <>
			(select coalesce(sum(quantity), 0) from reservations r where (r.product_id, r.warehouse_id) = (s.product_id, s.warehouse_id) and status = 'active')`,
		"6: one reservation per order, product and warehouse": `select count(*) from
			(select from reservations group by order_id, product_id, warehouse_id having count(*) > 1) twice`,
		"a released or rejected order holds nothing": `select count(*) from reservations join fulfilments using (order_id)
			where reservations.status = 'active' and fulfilments.status in ('none', 'released', 'rejected')`,
		"a sold reservation has its movement": `select count(*) from reservations r where status = 'sold' and not exists
			(select from movements m where m.kind = 'sale' and m.ref = r.order_id::text and m.quantity = -r.quantity
				and (m.product_id, m.warehouse_id) = (r.product_id, r.warehouse_id))`,
	} {
		require.Zero(d.t, d.count(query), name)
	}
}

// warehouse opens a warehouse by SQL, for tests that are about something else; ids sort in the order of the calls.
func (d *depot) warehouse() string {
	id := uuid.Must(uuid.NewV7()).String()
	_, err := d.db.Pool.Exec(d.t.Context(), `insert into warehouses (id, code, name) values ($1, $2, 'Depot')`, id, id[24:])
	require.NoError(d.t, err)
	return id
}

// fill puts units of a product into a warehouse, as a supply does.
func (d *depot) fill(product, warehouse string, units int64) {
	_, err := d.db.Pool.Exec(d.t.Context(), `
		with row as (insert into stock (product_id, warehouse_id, on_hand) values ($1, $2, $3))
		insert into movements (product_id, warehouse_id, quantity, kind, ref) values ($1, $2, $3, 'supply', 'test')`,
		product, warehouse, units)
	require.NoError(d.t, err)
}
