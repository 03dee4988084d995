package cluster

import (
	"fmt"
	"strings"
	"testing"

	"marketplace/shared/testkit"
)

// processorKey is the secret key of the sandbox processor.
const processorKey = "sk_test_e2e"

type ports struct{ http, grpc int }

// variables are what every process gets, the same list for all as from the one file `.local/env`: common ones by the
// design's names, those of one process with its name before them.
type variables struct {
	ports   map[string]ports
	metrics string // the gateway's address for operators
	list    []string
}

func environment(t testing.TB, o Options, db database, redisURL string) variables {
	v := variables{ports: map[string]ports{}}
	for _, name := range order {
		v.ports[name] = ports{http: testkit.FreePort(t), grpc: testkit.FreePort(t)}
	}
	users := v.url("user-service")
	// A crowd of one account at one address orders faster than it is paid for while something is broken, with cards of which
	// some are declined, and cancels. Limits are order-service's own tests' business.
	const unlimited = "1000000"
	v.list = []string{
		"ENVIRONMENT=development", "LOG_FORMAT=json", "LOG_LEVEL=info", "GOGC=400",
		"RABBITMQ_URL=" + o.RabbitURL, "REDIS_URL=" + redisURL, "CONSUL_URL=" + o.Consul.URL,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + o.OTLPEndpoint,
		"JWT_SECRET=e2e-secret-e2e-secret-e2e-secret-0", "JWKS_URL=" + users + "/.well-known/jwks.json",
		"ADMIN_EMAIL=" + AdminEmail, "ADMIN_PASSWORD=" + AdminPassword,
		"STRIPE_API_URL=" + v.url("sandbox"), "STRIPE_SECRET_KEY=" + processorKey, "STRIPE_WEBHOOK_SECRET=whsec_e2e",
		"SANDBOX_WEBHOOK_URL=" + v.url("payment-service") + "/api/v1/webhooks/stripe", "SANDBOX_WEBHOOK_SECRET=whsec_e2e",
		"OPEN_ORDERS_PER_CUSTOMER=" + unlimited, "OPEN_UNITS_PER_CUSTOMER=" + unlimited,
		"DECLINES_PER_CUSTOMER=" + unlimited, "DECLINES_PER_ADDRESS=" + unlimited,
	}
	// The gateway's address; not by the common name, which the gateway would read for proxies of its own.
	v.list = append(v.list, "USER_SERVICE_TRUSTED_PROXIES=127.0.0.1", "ORDER_SERVICE_TRUSTED_PROXIES=127.0.0.1")
	v.metrics = fmt.Sprintf("127.0.0.1:%d", v.ports["gateway"].grpc)
	v.list = append(v.list, "GATEWAY_METRICS_ADDR="+v.metrics)
	for service, token := range o.Consul.tokens {
		v.list = append(v.list, prefix(service)+"_CONSUL_HTTP_TOKEN="+token)
	}
	for _, name := range order {
		prefix := prefix(name)
		v.list = append(v.list,
			fmt.Sprintf("%s_SERVER_PORT=%d", prefix, v.ports[name].http),
			fmt.Sprintf("%s_GRPC_PORT=%d", prefix, v.ports[name].grpc),
			fmt.Sprintf("%s_ADDR=127.0.0.1:%d", prefix, v.ports[name].grpc),
			fmt.Sprintf("%s_URL=%s", prefix, v.url(name)),
			fmt.Sprintf("%s_DATABASE_URL=%s", prefix, db.url(schema(name))),
		)
	}
	return v
}

func (v variables) url(name string) string {
	return fmt.Sprintf("http://127.0.0.1:%d", v.ports[name].http)
}

func prefix(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

func schema(name string) string { return strings.ReplaceAll(name, "-", "_") }
