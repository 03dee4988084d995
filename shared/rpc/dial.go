package rpc

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // round_robin leaves out instances that say NOT_SERVING
	"google.golang.org/grpc/keepalive"

	"marketplace/shared/discovery"
	"marketplace/shared/fault"
	"marketplace/shared/telemetry"
)

// DialOptions says whom to call.
type DialOptions struct {
	Target    string            // the service's name in Consul, and in its certificate
	Fallback  string            // host:port until Consul has told of an instance
	Consul    *discovery.Client // nil: Fallback only
	Telemetry *telemetry.Telemetry
	TLS       *tls.Config // MutualTLS; nil: plain text

	// Idempotent lists the full methods that may be sent again when an instance is away, such as
	// productv1.ProductService_GetProducts_FullMethodName.
	Idempotent []string
}

// Dial returns a connection that needs no server to be there yet. Errors of its calls are *fault.Error; a call without a
// deadline gets one of 5 s.
func Dial(o DialOptions) (*grpc.ClientConn, error) {
	if o.Consul == nil && o.Fallback == "" {
		return nil, errors.New("neither Consul nor an address for " + o.Target)
	}
	config, err := serviceConfig(o.Idempotent)
	if err != nil {
		return nil, err
	}
	metrics := collector(o.Telemetry.Registry, grpcprom.NewClientMetrics(grpcprom.WithClientHandlingTimeHistogram()))
	connection, err := grpc.NewClient(scheme+":///"+o.Target,
		grpc.WithResolvers(&builder{consul: o.Consul, fallback: o.Fallback, certified: o.TLS != nil}),
		grpc.WithTransportCredentials(transport(o)),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDisableServiceConfig(),
		grpc.WithChainUnaryInterceptor(metrics.UnaryClientInterceptor(), callWithDeadline),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(
			otelgrpc.WithTracerProvider(o.Telemetry.Tracer), otelgrpc.WithFilter(notHealthServer))),
		grpc.WithConnectParams(reconnect),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 20 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("connection to %s: %w", o.Target, err)
	}
	return connection, nil
}

// reconnect is how soon an instance that was away is used again. gRPC's own pause grows to two minutes, for which every call
// would fail after the only instance is back.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second},
	MinConnectTimeout: 5 * time.Second,
}

func transport(o DialOptions) credentials.TransportCredentials {
	if o.TLS == nil {
		return insecure.NewCredentials()
	}
	config := o.TLS.Clone()
	config.ServerName = o.Target // whatever address Consul gave, the certificate must be the service's
	return credentials.NewTLS(config)
}

// callWithDeadline bounds a call whose caller forgot to and returns its error as a fault.
func callWithDeadline(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
	}
	if err := invoke(ctx, method, request, reply, connection, options...); err != nil {
		return fault.FromGRPC(err)
	}
	return nil
}

// serviceConfig balances over all instances and retries the idempotent methods. Retries stop when more than about one
// call in ten needs one (promise 50): each failure takes a token, each success gives a tenth back.
// The form is https://github.com/grpc/grpc-proto/blob/master/grpc/service_config/service_config.proto as JSON.
func serviceConfig(idempotent []string) (string, error) {
	type object = map[string]any
	config := object{
		"loadBalancingConfig": []object{{"round_robin": object{}}},
		"healthCheckConfig":   object{"serviceName": ""},
		"retryThrottling":     object{"maxTokens": 10, "tokenRatio": 0.1},
	}
	names := make([]object, 0, len(idempotent))
	for _, full := range idempotent {
		service, method, ok := strings.Cut(strings.TrimPrefix(full, "/"), "/")
		if !ok {
			return "", fmt.Errorf("%q is no full gRPC method", full)
		}
		names = append(names, object{"service": service, "method": method})
	}
	if len(names) > 0 {
		config["methodConfig"] = []object{{"name": names, "retryPolicy": object{
			"maxAttempts": 3, "initialBackoff": "0.05s", "maxBackoff": "0.5s", "backoffMultiplier": 2,
			"retryableStatusCodes": []string{"UNAVAILABLE"},
		}}}
	}
	encoded, err := json.Marshal(config)
	return string(encoded), err
}
