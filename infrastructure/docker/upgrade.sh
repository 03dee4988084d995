#!/usr/bin/env bash
# upgrade.sh [SERVICE...]: replaces running services by ones from the images of VERSION, without a failed request. New
# instances start beside the old ones; when they are healthy and the gateway sends them requests, the old ones leave. Without
# a name it replaces all services but the gateway, whose port only one container can have.
set -euo pipefail
cd "$(dirname "$0")/../.."

patience=180 # seconds for the new instances of a service

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
compose() { ${COMPOSE:-docker-compose} "$@"; }
instances() { compose ps -q "$1"; }
healthy() { [[ $(docker inspect -f '{{.State.Health.Status}}' "$@" | sort -u) == healthy ]]; }

# known SERVICE COUNT says whether the gateway sends requests to so many instances.
known() {
  local port
  port=$(compose port gateway 9080)
  curl -fsS -m 5 "http://127.0.0.1:${port##*:}/metrics" | grep -qx "gateway_instances{service=\"$1\"} $2"
}

replace() {
  local service=$1 old new all deadline=$((SECONDS + patience))
  mapfile -t old < <(instances "$service")
  ((${#old[@]} > 0)) || die "$service does not run: docker-compose up -d starts it"
  all=$((2 * ${#old[@]}))
  compose up -d --no-deps --no-recreate --scale "$service=$all" "$service"
  mapfile -t new < <(instances "$service" | grep -vxF "$(printf '%s\n' "${old[@]}")")
  until healthy "${new[@]}" && known "$service" "$all"; do
    if ((SECONDS > deadline)); then
      docker logs --tail 20 "${new[0]}" >&2
      docker rm -f "${new[@]}" >/dev/null
      die "the new $service did not become healthy in $patience s and is gone; the old one goes on"
    fi
    sleep 1
  done
  docker stop -t 30 "${old[@]}" >/dev/null
  docker rm "${old[@]}" >/dev/null
  echo "$service: ${#new[@]} of version $VERSION"
}

[[ -n ${VERSION:-} ]] || die "which images? export VERSION, the one that they were built with"
services=("$@")
((${#services[@]} > 0)) || services=(user-service product-service order-service payment-service warehouse-service)
for service in "${services[@]}"; do replace "$service"; done
