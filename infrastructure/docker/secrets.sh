#!/usr/bin/env bash
# make secrets: writes .env from .env.example with random secrets, and certificates for gRPC. It never overwrites a .env:
# the databases know its passwords.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077

if [[ -e .env ]]; then
  echo ".env is there already; its passwords are those of the databases, so it stays. How to change one: infrastructure/docker/README.md" >&2
  exit 1
fi
command -v openssl >/dev/null || { echo "openssl is missing: it makes the certificates" >&2; exit 1; }

random() { openssl rand -hex "${1:-24}"; }
uuid() { cat /proc/sys/kernel/random/uuid; }

certificates=infrastructure/docker/certificates
services=(product-service order-service warehouse-service)

# One authority signs a certificate for each service that speaks gRPC; its key is thrown away afterwards, so that nobody can
# make another one. To add a service, make all anew.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/CN=marketplace" \
    -keyout "$work/authority.key" -out "$work/authority.pem" 2>/dev/null
}

certificate() {
  local service=$1 folder=$certificates/$1
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$service" \
    -keyout "$folder/key.pem" -out "$work/$service.csr" 2>/dev/null
  openssl x509 -req -in "$work/$service.csr" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial -days 825 \
    -extfile <(printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$service") -out "$folder/cert.pem" 2>/dev/null
  cp "$work/authority.pem" "$folder/authority.pem"
  # The container's user is nobody here; the folder above lets no other user of this machine in.
  chmod 755 "$folder"
  chmod 644 "$folder"/*.pem
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 700 "$certificates"
authority
for service in "${services[@]}"; do certificate "$service"; done

while IFS= read -r line; do
  name=${line%%=*}
  case $line in
  "#"* | "") ;;
  *=00000000-0000-4000-8000-*) line=$name=$(uuid) ;;
  ADMIN_PASSWORD=*) line=$name=$(random 12) ;;
  *=*marketplace-development*) line=$name=$(random) ;;
  STRIPE_SECRET_KEY=*) line=$name=sk_test_$(random) ;;
  STRIPE_WEBHOOK_SECRET=*) line=$name=whsec_$(random) ;;
  GRPC_CERT_FILE=) line=$name=/certificates/cert.pem ;;
  GRPC_KEY_FILE=) line=$name=/certificates/key.pem ;;
  GRPC_AUTHORITY_FILE=) line=$name=/certificates/authority.pem ;;
  esac
  printf '%s\n' "$line"
done <.env.example >"$work/env"
mv "$work/env" .env
echo "wrote .env and $certificates; the administrator's password is ADMIN_PASSWORD in .env"
