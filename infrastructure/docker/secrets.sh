#!/usr/bin/env bash
# make secrets: writes a .env for production from .env.example, with random secrets, and certificates for gRPC. It never overwrites a
# .env: the databases know its passwords. `secrets.sh certificates` makes the certificates anew, before they end after 825 days.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077

what=${1:-all}
if [[ $what == all && -e .env ]]; then
  echo ".env is there already; its passwords are those of the databases, so it stays. How to change one: infrastructure/docker/README.md" >&2
  exit 1
fi
command -v openssl >/dev/null || { echo "openssl is missing: it makes the certificates" >&2; exit 1; }

random() { openssl rand -hex 32; }
uuid() { cat /proc/sys/kernel/random/uuid; }

certificates=infrastructure/docker/certificates
services=(product-service order-service warehouse-service)

# One authority signs a certificate for each service that speaks gRPC. Its key stays beside the certificates, in no container and
# readable by nobody else, so that certificates can be renewed one service after the other while all trust each other.
authority() {
  [[ ! -e $certificates/authority.key ]] || return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=marketplace" \
    -keyout "$certificates/authority.key" -out "$certificates/authority.pem" 2>/dev/null
}

certificate() {
  local service=$1 folder=$certificates/$1
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$service" \
    -keyout "$folder/key.pem" -out "$work/$service.csr" 2>/dev/null
  openssl x509 -req -in "$work/$service.csr" -CA "$certificates/authority.pem" -CAkey "$certificates/authority.key" -CAserial "$work/serial" -CAcreateserial -days 825 \
    -extfile <(printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$service") -out "$folder/cert.pem" 2>/dev/null
  cp "$certificates/authority.pem" "$folder/authority.pem"
  # The container's user is nobody here; the folder above lets no other user of this machine in.
  chmod 755 "$folder"
  chmod 644 "$folder"/*.pem
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 700 "$certificates"
authority
for service in "${services[@]}"; do certificate "$service"; done
if [[ $what == certificates ]]; then
  echo "wrote $certificates: infrastructure/docker/upgrade.sh ${services[*]} puts them to use"
  exit 0
fi

while IFS= read -r line; do
  name=${line%%=*}
  case $line in
  "#"* | "") ;;
  *=00000000-0000-4000-8000-*) line=$name=$(uuid) ;;
  ADMIN_PASSWORD=* | *=*marketplace-development*) line=$name=$(random) ;;
  ENVIRONMENT=*) line=$name=production ;;
  COMPOSE_FILE=*) line=$name=docker-compose.yml:infrastructure/docker/production.yml ;;
  STRIPE_API_URL=*) line=$name=https://api.stripe.com ;;
  STRIPE_SECRET_KEY=* | STRIPE_WEBHOOK_SECRET=*) line=$name= ;; # of an account at the card processor
  GRPC_CERT_FILE=) line=$name=/certificates/cert.pem ;;
  GRPC_KEY_FILE=) line=$name=/certificates/key.pem ;;
  GRPC_AUTHORITY_FILE=) line=$name=/certificates/authority.pem ;;
  esac
  printf '%s\n' "$line"
done <.env.example >"$work/env"
mv "$work/env" .env
echo "wrote .env and $certificates; the administrator's password is ADMIN_PASSWORD in .env"
echo "before the start, set in .env: STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, ADMIN_EMAIL"
