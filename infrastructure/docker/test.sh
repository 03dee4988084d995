#!/usr/bin/env bash
# make compose-test: builds, starts and tries docker-compose.yml on volumes of its own. Ends with 75 when it cannot run here:
# no Docker, or base images that cannot be had. IMAGES may name a program that makes the base images where none can be pulled,
# and IMAGES_TIMEOUT how long that may take.
set -euo pipefail
cd "$(dirname "$0")/../.."

unable() { printf 'not run: %s\n' "$*" >&2; exit 75; }

docker info >/dev/null 2>&1 || unable "no Docker daemon answers"
if [[ -z ${COMPOSE:-} ]]; then
  if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"; else COMPOSE=docker-compose; fi
fi
$COMPOSE version >/dev/null 2>&1 || unable "neither docker compose nor docker-compose is here"
export COMPOSE

if [[ -e .env ]]; then unable "there is a .env: the test is for the development secrets"; fi
for port in 8080 9080 8500 15672 9090 3000 16686 5432 6379 5672; do
  if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then unable "something listens on port $port"; fi
done

have() { docker image inspect "$1" >/dev/null 2>&1; }
missing() {
  local image
  for image in $(sed -n 's/^    image: \([a-z/]*:[^$]*\)$/\1/p' docker-compose.yml | sort -u) golang:1.26-bookworm; do
    have "$image" || echo "$image"
  done
}
if [[ -n $(missing) && -x ${IMAGES:-} ]]; then
  # A Consul that `make test-servers` has compiled need not be compiled again.
  [[ ! -x .local/bin/consul ]] || export CONSUL_BIN=$PWD/.local/bin/consul
  timeout "${IMAGES_TIMEOUT:-1h}" "$IMAGES" || true
fi
# other_minor IMAGE tags the local image of the same major version as IMAGE, for a machine that cannot pull the pinned minor version.
other_minor() {
  local any
  any=$(sed -E 's/(:[0-9]+)\.[0-9]+/\1/' <<<"$1")
  have "$any" && docker tag "$any" "$1" && echo "note: $any stands for $1"
}
for image in $(missing); do
  docker pull -q "$image" >/dev/null 2>&1 || other_minor "$image" || unable "the image $image cannot be had"
done

VERSION=$(git describe --always --dirty 2>/dev/null || echo test)
export VERSION
cd infrastructure
GOWORK=off exec go test -tags compose -count=1 -timeout 60m -v "$@" ./e2e/compose
