// Package cluster runs the whole marketplace for a test: the same binaries with the same variables as `make run`, on a
// database, a virtual host and ports of their own, so that tests can kill and restart any part of it.
package cluster

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/infrastructure/e2e/client"
	"marketplace/shared/testkit"
)

// order in which the processes start; they would find each other in any other order too.
var order = []string{
	"sandbox", "user-service", "product-service", "warehouse-service", "payment-service", "order-service", "gateway",
}

// The first admin of every cluster.
const (
	AdminEmail    = "admin@marketplace.local"
	AdminPassword = "marketplace-admin" // for development: the demo loads nothing where it is another one
)

// nobody listens there.
const nobody = "http://127.0.0.1:1"

// Options are what a test wants otherwise.
type Options struct {
	// Failpoints builds the programs so that FAILPOINT can kill them at a named place.
	Failpoints bool
	// Env are more variables for one process, by its name.
	Env map[string][]string
	// Absent processes are not started; the test does it when it likes.
	Absent []string
	// RabbitURL replaces the test broker's virtual host, for a test that hurts its broker; DatabaseURL likewise, the
	// address of a superuser's maintenance database.
	RabbitURL, DatabaseURL string
	// Consul is where the processes register. Without one they find no Consul and stay on their configured addresses.
	Consul *Registry
	// OTLPEndpoint receives the traces; empty switches tracing off.
	OTLPEndpoint string
}

// Cluster is a running marketplace.
type Cluster struct {
	// Gateway is the base URL of the REST API, Metrics the gateway's for operators.
	Gateway, Metrics string
	// DB sees every service's schema, for the invariants.
	DB *pgxpool.Pool

	processes map[string]*Process
}

// Start starts a marketplace and waits until all of it is ready. It ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if o.RabbitURL == "" {
		o.RabbitURL = testkit.VHost(t)
	}
	if o.Consul == nil {
		o.Consul = &Registry{URL: nobody}
	}
	db, pool := createDatabase(t, o.DatabaseURL)
	c := &Cluster{DB: pool, processes: map[string]*Process{}}
	env := environment(t, o, db, testkit.Redis(t))
	programs, logs := binaries(t, o.Failpoints), t.TempDir()
	for _, name := range order {
		c.processes[name] = &Process{
			Name: name, HTTPPort: env.ports[name].http, path: programs[name],
			env: slices.Concat(env.list, o.Env[name]), log: filepath.Join(logs, name+".log"),
		}
	}
	c.Gateway, c.Metrics = c.processes["gateway"].URL(), "http://"+env.metrics
	t.Cleanup(func() { c.end(t) })
	started := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return slices.Contains(o.Absent, name) })
	for _, name := range started {
		c.processes[name].Start(t)
	}
	for _, name := range started {
		c.processes[name].WaitReady(t)
	}
	return c
}

// Process returns one of the programs.
func (c *Cluster) Process(name string) *Process {
	process, ok := c.processes[name]
	if !ok {
		panic(fmt.Sprintf("no process %q; there are %v", name, slices.Sorted(maps.Keys(c.processes))))
	}
	return process
}

// Processes returns all programs.
func (c *Cluster) Processes() []*Process {
	all := make([]*Process, 0, len(order))
	for _, name := range order {
		all = append(all, c.processes[name])
	}
	return all
}

// Anyone is a person who has not signed in.
func (c *Cluster) Anyone() *client.Client { return client.New(c.Gateway) }

// Admin is the first admin, signed in.
func (c *Cluster) Admin(t testing.TB) *client.Client {
	t.Helper()
	return c.Anyone().Login(t, AdminEmail, AdminPassword)
}

// Misbehave gives the sandbox processor a rule for what goes wrong next; its README lists them.
func (c *Cluster) Misbehave(t testing.TB, rule any) {
	t.Helper()
	client.New(c.Process("sandbox").URL()).WithToken(processorKey).Do(t, http.MethodPost, "/sandbox/faults", rule).Want(t, http.StatusCreated)
}

func (c *Cluster) end(t testing.TB) {
	for _, name := range slices.Backward(order) {
		c.processes[name].end()
	}
	if t.Failed() {
		for _, name := range order {
			t.Log(c.processes[name].Tail())
		}
	}
}
