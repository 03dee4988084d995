# .local/env: every setting of every process. The services read <SERVICE>_<KEY> before <KEY>, so one file is
# right for all of them, and for `go run cmd/main.go` in place of a running one.
# shellcheck shell=bash

# The services with a database, in the order in which they start; `sandbox` is the card processor.
services=(sandbox user-service product-service warehouse-service payment-service order-service)
# Those that register in Consul.
registered=(gateway user-service product-service warehouse-service payment-service order-service)

declare -A default_port=(
  [postgres]=5432 [redis]=6379 [rabbitmq]=5672 [rabbitmq_ui]=15672 [rabbitmq_dist]=25672 [epmd]=4369
  [consul]=8500 [consul_server]=8300 [consul_serf]=8301 [gateway]=8080 [gateway_metrics]=9080 [sandbox]=8090
  [user-service]=8081 [product-service]=8082 [order-service]=8083 [payment-service]=8084 [warehouse-service]=8085
  [user-service_grpc]=9081 [product-service_grpc]=9082 [order-service_grpc]=9083
  [payment-service_grpc]=9084 [warehouse-service_grpc]=9085
)

# prefix NAME prints a process's prefix in the environment: user-service is USER_SERVICE.
prefix() { tr 'a-z-' 'A-Z_' <<<"$1"; }

settings() {
  local name host=127.0.0.1
  cat <<EOF
# Written by 'make run'. In a shell: set -a; . .local/env; set +a
ENVIRONMENT=development
LOG_FORMAT=json
GOGC=400
GOMEMLIMIT=512MiB
REDIS_URL=redis://:$(secret redis)@$host:${port[redis]}/0
RABBITMQ_URL=amqp://$account:$password@$host:${port[rabbitmq]}/
CONSUL_URL=http://$host:${port[consul]}
JWKS_URL=http://$host:${port[user-service]}/.well-known/jwks.json
JWT_SECRET=$(secret jwt)
ADMIN_EMAIL=admin@marketplace.local
ADMIN_PASSWORD=marketplace-admin
GATEWAY_URL=http://$host:${port[gateway]}
GATEWAY_SERVER_PORT=${port[gateway]}
GATEWAY_METRICS_ADDR=$host:${port[gateway_metrics]}
# The gateway's address, whose X-Forwarded-For is believed. The common name would be read by the gateway too.
USER_SERVICE_TRUSTED_PROXIES=$host
ORDER_SERVICE_TRUSTED_PROXIES=$host
STRIPE_API_URL=http://$host:${port[sandbox]}
STRIPE_SECRET_KEY=sk_test_$(secret stripe)
STRIPE_WEBHOOK_SECRET=whsec_$(secret webhook)
SANDBOX_WEBHOOK_URL=http://$host:${port[payment-service]}/api/v1/webhooks/stripe
SANDBOX_WEBHOOK_SECRET=whsec_$(secret webhook)
EOF
  for name in "${services[@]}"; do service_settings "$name" "$host"; done
  echo
  for name in "${registered[@]}"; do echo "$(prefix "$name")_CONSUL_HTTP_TOKEN=$(consul_token "$name")"; done
}

service_settings() {
  local name=$1 host=$2 key role
  key=$(prefix "$name") role=${name//-/_}
  echo
  echo "${key}_SERVER_PORT=${port[$name]}"
  echo "${key}_DATABASE_URL=postgres://$role:$(secret "$role")@$host:${port[postgres]}/marketplace?sslmode=disable"
  [[ -n ${port[${name}_grpc]:-} ]] || return 0
  echo "${key}_GRPC_PORT=${port[${name}_grpc]}"
  echo "${key}_ADDR=$host:${port[${name}_grpc]}"
  echo "${key}_URL=http://$host:${port[$name]}"
}
