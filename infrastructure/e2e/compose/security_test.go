//go:build compose

package compose

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"marketplace/proto/events"
)

const (
	development     = "marketplace-development"
	maxImageSize    = 30 << 20
	consul          = "http://127.0.0.1:8500"
	managementToken = "00000000-0000-4000-8000-000000000001"
	orderToken      = "00000000-0000-4000-8000-000000000005"
)

func (s *stack) imagesAreSmall(t *testing.T) {
	for _, service := range append(services, "demo") {
		image := inspect(t, s.containers(t, service)[0]).Image
		size, err := strconv.Atoi(docker(t, "image", "inspect", "-f", "{{.Size}}", image))
		require.NoError(t, err)
		require.LessOrEqual(t, size, maxImageSize, service)
		require.Equal(t, service, docker(t, "image", "inspect", "-f", `{{index .Config.Labels "org.opencontainers.image.title"}}`, image))
	}
}

// containersAreHardened holds for every container, the servers' included.
func (s *stack) containersAreHardened(t *testing.T) {
	all := append(append([]string{"check", "demo", "prometheus", "grafana", "jaeger"}, services...), servers...)
	for _, service := range all {
		c := inspect(t, s.containers(t, service)[0])
		require.True(t, c.HostConfig.ReadonlyRootfs, service)
		require.False(t, c.HostConfig.Privileged, service)
		require.Equal(t, []string{"ALL"}, c.HostConfig.CapDrop, service)
		require.Empty(t, c.HostConfig.CapAdd, service)
		require.Contains(t, c.HostConfig.SecurityOpt, "no-new-privileges:true", service)
		require.Positive(t, c.HostConfig.Memory, service)
		require.NotContains(t, []string{"", "0", "root"}, c.Config.User, service)
		if service != "check" && service != "demo" {
			require.Equal(t, "unless-stopped", c.HostConfig.RestartPolicy.Name, service)
		}
	}
	gateway := inspect(t, s.containers(t, "gateway")[0])
	require.NotContains(t, gateway.NetworkSettings.Networks, project+"_data", "the edge reaches no data")
}

// productionRefuses wants the first container to name what still has its development value, and a service to refuse on its own.
func (s *stack) productionRefuses(t *testing.T) {
	production := []string{"ENVIRONMENT=production"}
	out, err := s.try(t, production, "run", "--rm", "--no-deps", "check")
	require.Error(t, err, out)
	for _, name := range []string{"POSTGRES_PASSWORD", "ORDER_SERVICE_RABBITMQ_PASSWORD", "CONSUL_MANAGEMENT_TOKEN", "JWT_SECRET", "ADMIN_PASSWORD", "GRPC_CERT_FILE"} {
		require.Contains(t, out, name)
	}
	require.NotContains(t, out, development)
	for service, names := range map[string][]string{
		"user-service":    {"DATABASE_URL", "REDIS_URL", "JWT_SECRET", "ADMIN_PASSWORD"},
		"payment-service": {"DATABASE_URL", "RABBITMQ_URL", "STRIPE_SECRET_KEY"},
		"sandbox":         {"DATABASE_URL"},
	} {
		out, err := s.try(t, production, "run", "--rm", "--no-deps", service)
		require.Error(t, err, out)
		for _, name := range names {
			require.Contains(t, out, name, service)
		}
		require.NotContains(t, out, development, service)
	}
}

// databaseRole tries one service's role against what belongs to others.
func (s *stack) databaseRole(t *testing.T) {
	const address = "postgres://%s:%s@127.0.0.1:5432/%s?sslmode=disable"
	db, err := pgx.Connect(t.Context(), fmt.Sprintf(address, "order_service", development, "marketplace"))
	require.NoError(t, err)
	defer db.Close(t.Context())
	_, err = db.Exec(t.Context(), "SELECT count(*) FROM orders")
	require.NoError(t, err, "its own schema")
	for _, statement := range []string{
		"SELECT * FROM payment_service.payments", "INSERT INTO payment_service.ledger DEFAULT VALUES", "SELECT * FROM user_service.users",
		"UPDATE product_service.products SET price_amount = 1", "DROP SCHEMA warehouse_service CASCADE", "CREATE SCHEMA mine",
		"CREATE TABLE public.mine (a int)", "CREATE ROLE mine", "SET ROLE payment_service", "ALTER ROLE order_service SUPERUSER",
		"CREATE DATABASE mine", "SELECT pg_read_file('/etc/passwd')", "COPY (SELECT 1) TO PROGRAM 'id'", "SELECT rolpassword FROM pg_authid",
	} {
		_, err := db.Exec(t.Context(), statement)
		var refused *pgconn.PgError
		require.ErrorAs(t, err, &refused, statement)
		require.Equal(t, "42501", refused.Code, "%s: %s", statement, refused.Message) // insufficient privilege
	}
	for role, database := range map[string]string{"order_service": "postgres", "payment_service": "template1"} {
		_, err := pgx.Connect(t.Context(), fmt.Sprintf(address, role, development, database))
		require.ErrorContains(t, err, "permission denied", database)
	}
	_, err = pgx.Connect(t.Context(), fmt.Sprintf(address, "payment_service", "wrong", "marketplace"))
	require.ErrorContains(t, err, "password authentication failed")
}

// redisUser tries each service's user: what was revoked may be read by all, and written by user-service alone.
func (s *stack) redisUser(t *testing.T) {
	as := func(user string, command ...string) string {
		login := []string{"exec", s.containers(t, "redis")[0], "redis-cli", "--user", user, "--pass", development, "--no-auth-warning"}
		return docker(t, append(login, command...)...)
	}
	const revoked, counts = "auth:revoked:users", "user-service:throttle:test"
	for _, user := range []string{"product-service", "order-service", "payment-service", "warehouse-service"} {
		require.NotContains(t, as(user, "ZRANGEBYSCORE", revoked, "0", "+inf"), "NOPERM", user)
		for _, command := range [][]string{
			{"ZADD", revoked, "1", "x"},
			{"DEL", revoked},
			{"GET", counts},
			{"SET", "mine", "1"},
			{"KEYS", "*"},
			{"FLUSHALL"},
			{"CONFIG", "GET", "*"},
			{"ACL", "LIST"},
			{"EVAL", "return 1", "0"},
			{"SHUTDOWN"},
		} {
			require.Contains(t, as(user, command...), "NOPERM", "%s: %v", user, command)
		}
	}
	require.NotContains(t, as("user-service", "SET", counts, "1", "EX", "1"), "NOPERM")
	require.NotContains(t, as("user-service", "ZREMRANGEBYSCORE", revoked, "-inf", "(1"), "NOPERM")
	for _, command := range [][]string{{"SET", "mine", "1"}, {"FLUSHALL"}, {"CONFIG", "GET", "*"}, {"KEYS", "*"}} {
		require.Contains(t, as("user-service", command...), "NOPERM", "user-service: %v", command)
	}
}

// topology wants the broker to have brought what the services would declare, binding by binding.
func (s *stack) topology(t *testing.T) {
	var bindings []struct {
		Source, Destination string
		RoutingKey          string `json:"routing_key"`
	}
	require.Equal(t, http.StatusOK, get(t, "http://marketplace:"+development+"@127.0.0.1:15672/api/bindings/%2F", &bindings))
	there := map[string][]string{}
	for _, b := range bindings {
		if b.Source == events.Exchange {
			there[b.Destination] = append(there[b.Destination], b.RoutingKey)
		}
	}
	require.Len(t, there, len(events.Subscriptions()))
	for queue, types := range events.Subscriptions() {
		require.ElementsMatch(t, types, there[queue], queue)
	}
}

// brokerUser tries each service's user against every event type, every queue and every declaration.
func (s *stack) brokerUser(t *testing.T) {
	own := map[string]struct{ queue, prefixes string }{
		"order-service":     {events.OrderQueue, "order."},
		"payment-service":   {events.PaymentQueue, "payment."},
		"warehouse-service": {events.WarehouseQueue, "stock. shipment."},
	}
	types := map[string]bool{}
	for _, bound := range events.Subscriptions() {
		for _, eventType := range bound {
			types[eventType] = true
		}
	}
	for user, may := range own {
		b := broker(t, user)
		for eventType := range types {
			prefix, _, _ := strings.Cut(eventType, ".")
			if strings.Contains(may.prefixes, prefix+".") {
				eventType = prefix + ".nobody_hears_this" // allowed, and goes nowhere
				require.NoError(t, b(func(ch *amqp.Channel) error { return publish(t, ch, events.Exchange, eventType) }), "%s publishes %s", user, eventType)
				continue
			}
			requireRefused(t, b(func(ch *amqp.Channel) error { return publish(t, ch, events.Exchange, eventType) }), "%s publishes %s", user, eventType)
		}
		for queue := range events.Subscriptions() {
			err := b(func(ch *amqp.Channel) error { _, _, err := ch.Get(queue, false); return err })
			if queue == may.queue {
				require.NoError(t, err, "%s reads %s", user, queue)
			} else {
				requireRefused(t, err, "%s reads %s", user, queue)
			}
		}
		s.brokerTricks(t, user, may.queue, b)
	}
	b := func(name string) error {
		_, err := amqp.Dial("amqp://" + name + "@127.0.0.1:5672/")
		return err
	}
	require.Error(t, b("guest:guest"))
	require.Error(t, b("order-service:wrong"))
}

// brokerTricks are ways around the permissions that need a right to configure, or a wider right to write or read.
func (s *stack) brokerTricks(t *testing.T, user, queue string, b func(func(*amqp.Channel) error) error) {
	t.Helper()
	for trick, do := range map[string]func(*amqp.Channel) error{
		"delete the exchange": func(ch *amqp.Channel) error { return ch.ExchangeDelete(events.Exchange, false, false) },
		"make an exchange": func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare("mine", "fanout", true, false, false, false, nil)
		},
		"delete its queue":    func(ch *amqp.Channel) error { _, err := ch.QueueDelete(queue, false, false, false); return err },
		"purge another queue": func(ch *amqp.Channel) error { _, err := ch.QueuePurge(other(queue), false); return err },
		"dead-letter route": func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare("mine", true, false, false, false, amqp.Table{"x-dead-letter-exchange": events.Exchange, "x-dead-letter-routing-key": "payment.captured"})
			return err
		},
		"hear everything": func(ch *amqp.Channel) error { return ch.QueueBind(queue, "#", events.Exchange, false, nil) },
		"unbind another queue": func(ch *amqp.Channel) error {
			return ch.QueueUnbind(other(queue), events.PaymentCaptured, events.Exchange, nil)
		},
		"into a queue directly":    func(ch *amqp.Channel) error { return publish(t, ch, "", other(queue)) },
		"by another topic of amq.": func(ch *amqp.Channel) error { return publish(t, ch, "amq.topic", "x") },
	} {
		requireRefused(t, b(do), "%s: %s", user, trick)
	}
}

func other(queue string) string {
	if queue == events.OrderQueue {
		return events.PaymentQueue
	}
	return events.OrderQueue
}

// broker returns a function that does something on a channel of its own, because a refusal closes the channel.
func broker(t *testing.T, user string) func(func(*amqp.Channel) error) error {
	t.Helper()
	connection, err := amqp.Dial("amqp://" + user + ":" + development + "@127.0.0.1:5672/")
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return func(do func(*amqp.Channel) error) error {
		ch, err := connection.Channel()
		require.NoError(t, err)
		defer func() { _ = ch.Close() }()
		return do(ch)
	}
}

// publish sends an empty message and waits for the broker's word.
func publish(t *testing.T, ch *amqp.Channel, exchange, key string) error {
	t.Helper()
	require.NoError(t, ch.Confirm(false))
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	confirm, err := ch.PublishWithDeferredConfirm(exchange, key, false, false, amqp.Publishing{})
	require.NoError(t, err)
	if acked, err := confirm.WaitContext(t.Context()); err != nil || acked {
		return err
	}
	return <-closed
}

func requireRefused(t *testing.T, err error, message string, args ...any) {
	t.Helper()
	var refused *amqp.Error
	require.ErrorAs(t, err, &refused, fmt.Sprintf(message, args...))
	require.Equal(t, amqp.AccessRefused, refused.Code, fmt.Sprintf(message, args...))
}

// consulToken tries one service's token against the registrations and settings of others.
func (s *stack) consulToken(t *testing.T) {
	const secret = "/v1/kv/config/user-service/test"
	require.Equal(t, 200, s.consul(t, managementToken, "PUT", secret, "x"))
	defer s.consul(t, managementToken, "DELETE", secret, "")
	for _, try := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", "/v1/agent/service/register", `{"Name":"order-service","ID":"order-service-test","Port":1,"Check":{"TTL":"1h"}}`, 200},
		{"PUT", "/v1/agent/service/deregister/order-service-test", "", 200},
		{"GET", "/v1/health/service/payment-service?passing", "", 200},
		{"GET", "/v1/kv/config/order-service/?recurse", "", 404},
		{"PUT", "/v1/agent/service/register", `{"Name":"payment-service","ID":"evil","Address":"10.9.9.9","Port":1}`, 403},
		{"PUT", "/v1/agent/service/register", `{"Name":"order-service-2","ID":"evil","Port":1}`, 403},
		{"PUT", "/v1/kv/config/order-service/log_level", "debug", 403},
		{"GET", secret, "", 403},
		{"GET", "/v1/kv/config/user-service/?recurse", "", 404},
		{"PUT", "/v1/kv/config/payment-service/stripe_api_url", "http://evil", 403},
		{"GET", "/v1/acl/tokens", "", 403},
		{"PUT", "/v1/acl/token", `{"Policies":[{"Name":"global-management"}]}`, 403},
		{"PUT", "/v1/agent/leave", "", 403},
	} {
		require.Equal(t, try.status, s.consul(t, orderToken, try.method, try.path, try.body), "%s %s", try.method, try.path)
	}
	require.Equal(t, 403, s.consul(t, "", "PUT", "/v1/agent/service/register", `{"Name":"order-service","ID":"evil","Port":1}`))
	require.Equal(t, 403, s.consul(t, orderToken, "PUT", "/v1/agent/service/deregister/"+s.registered(t, "payment-service"), ""))
}

// falseInstance registers one of user-service elsewhere, with a token that may. The gateway trusts all of the services' network, and
// nothing else.
func (s *stack) falseInstance(t *testing.T) {
	untrusted := func(service string) int { return gauge(t, "discovery_untrusted_instances", service) }
	for _, service := range services {
		if strings.HasSuffix(service, "-service") {
			require.Zero(t, untrusted(service), service)
		}
	}
	instances := upstreams(t, "user-service")
	require.Positive(t, instances)
	const registration = `{"Name":"user-service","ID":"user-service-false","Address":"203.0.113.9","Port":8081}`
	require.Equal(t, 200, s.consul(t, managementToken, "PUT", "/v1/agent/service/register", registration))
	defer s.consul(t, managementToken, "PUT", "/v1/agent/service/deregister/user-service-false", "")
	require.Eventually(t, func() bool { return untrusted("user-service") == 1 }, time.Minute, 100*time.Millisecond)
	require.Equal(t, instances, upstreams(t, "user-service"))
}

func (s *stack) consul(t *testing.T, token, method, path, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, consul+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("X-Consul-Token", token)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode
}

// registered is the id of an instance of a service.
func (s *stack) registered(t *testing.T, service string) string {
	t.Helper()
	return service + "-" + s.address(t, service, "services") + ":" + map[string]string{"payment-service": "8084"}[service]
}
