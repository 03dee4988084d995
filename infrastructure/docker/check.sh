#!/bin/sh
# The first container of docker-compose.yml: are these settings fit to start with? Everything else waits for it.
# Production refuses every secret that still has its development value, and names it.
# shellcheck disable=SC2154 # read by name

development() {
  case $1 in
  *marketplace-development* | marketplace-admin | sk_test_marketplace | whsec_marketplace) return 0 ;;
  00000000-0000-4000-8000-*) return 0 ;;
  esac
  return 1
}

names="POSTGRES_PASSWORD REDIS_PASSWORD RABBITMQ_PASSWORD GRAFANA_PASSWORD JWT_SECRET ADMIN_PASSWORD
  STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET CONSUL_MANAGEMENT_TOKEN GATEWAY_CONSUL_TOKEN JWT_SECRET_PREVIOUS SANDBOX_DATABASE_PASSWORD"
for service in USER PRODUCT ORDER PAYMENT WAREHOUSE; do
  names="$names ${service}_SERVICE_DATABASE_PASSWORD ${service}_SERVICE_REDIS_PASSWORD ${service}_SERVICE_CONSUL_TOKEN"
done
for service in ORDER PAYMENT WAREHOUSE; do names="$names ${service}_SERVICE_RABBITMQ_PASSWORD"; done

bad=""
for name in $names; do
  eval "value=\$$name"
  if development "$value"; then bad="$bad $name"; fi
done

# What sits in a URL must not need escaping; a token of Consul is a UUID.
for name in $names; do
  eval "value=\$$name"
  case $name in
  *_CONSUL_TOKEN | CONSUL_*) pattern='^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' what="a UUID in lower case" ;;
  *DATABASE_PASSWORD | R*_PASSWORD | *REDIS_PASSWORD | *RABBITMQ_PASSWORD | POSTGRES_PASSWORD) pattern='^[A-Za-z0-9_.~-]+$' what="of letters, digits and _ . ~ - only" ;;
  *) continue ;;
  esac
  printf '%s' "$value" | grep -Eq "$pattern" || { echo "$name must be $what" >&2; failed=yes; }
done

memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
if [ "$memory" -lt 3500 ]; then
  echo "this machine has $memory MB of memory; the marketplace needs 4 GB (8 GB with two instances of each service)" >&2
  failed=yes
fi

if [ "$ENVIRONMENT" = production ]; then
  for name in $bad; do echo "production refuses the development value of $name: set it in .env (make secrets)" >&2; failed=yes; done
  case $STRIPE_API_URL in
  https://*) ;;
  *) echo "production refuses a card processor without https, and the sandbox: set STRIPE_API_URL in .env (https://api.stripe.com)" >&2; failed=yes ;;
  esac
  case $STRIPE_SECRET_KEY in
  *_test_*) echo "production refuses a key for tests: set STRIPE_SECRET_KEY in .env (sk_live_...)" >&2; failed=yes ;;
  esac
  [ -n "$GRPC_CERT_FILE" ] || { echo "production needs mutual TLS for gRPC: set GRPC_CERT_FILE in .env (make secrets)" >&2; failed=yes; }
elif [ -n "$bad" ]; then
  echo "note: development secrets are in force (no .env, or not all of it): make secrets writes real ones"
fi
[ -z "$failed" ] || exit 1
echo "the settings are fit to start with"
