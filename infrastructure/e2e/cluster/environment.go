package cluster

import (
	"fmt"
	"strings"
	"testing"

	"marketplace/shared/testkit"
)

type ports struct{ http, grpc int }

// variables are what every process gets, the same list for all as from the one file `.local/env`: common ones by the
// design's names, those of one process with its name before them.
type variables struct {
	ports map[string]ports
	list  []string
}

func environment(t testing.TB, o Options, db database, redisURL string) variables {
	v := variables{ports: map[string]ports{}}
	for _, name := range order {
		v.ports[name] = ports{http: testkit.FreePort(t), grpc: testkit.FreePort(t)}
	}
	users := v.url("user-service")
	v.list = []string{
		"ENVIRONMENT=development", "LOG_FORMAT=json", "LOG_LEVEL=info", "GOGC=400",
		"RABBITMQ_URL=" + o.RabbitURL, "REDIS_URL=" + redisURL, "CONSUL_URL=" + o.ConsulURL,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + o.OTLPEndpoint,
		"JWT_SECRET=e2e-secret-e2e-secret-e2e-secret-0", "JWKS_URL=" + users + "/.well-known/jwks.json",
		"ADMIN_EMAIL=" + AdminEmail, "ADMIN_PASSWORD=" + AdminPassword,
		"STRIPE_API_URL=" + v.url("sandbox"), "STRIPE_SECRET_KEY=sk_test_e2e", "STRIPE_WEBHOOK_SECRET=whsec_e2e",
		"SANDBOX_WEBHOOK_URL=" + v.url("payment-service") + "/api/v1/webhooks/stripe", "SANDBOX_WEBHOOK_SECRET=whsec_e2e",
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
