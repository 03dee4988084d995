#!/usr/bin/env bash
# test.sh all|e2e|faults|bench [go test flags]: runs tests on servers of their own (make test-servers).
# Tests read the servers' addresses from the environment; they fail without servers, they never skip.
set -euo pipefail

cd "$(dirname "$0")/../.."
# shellcheck source=lib/output.sh
source infrastructure/local/lib/output.sh

servers() {
  infrastructure/local/marketplace test-servers
  set -a
  # shellcheck source=/dev/null
  . .local/test/env
  set +a
  step "waiting for Consul (its first build takes minutes)"
  local deadline=$((SECONDS + 1200))
  until curl -fsS "$TEST_CONSUL_URL/v1/status/leader" 2>/dev/null | grep -q :; do
    ((SECONDS < deadline)) || die "Consul did not come up." "Look at .local/log/consul-build.log and .local/test/log/consul.log"
    sleep 1
  done
}

# Packages share the servers and the cores: more of them at once only makes time-outs.
go_test() { go test -timeout 15m "$@"; }

all() {
  step "go vet work"
  go vet work
  step "go test work $*"
  go_test "$@" work
}

mode=${1:-all}
shift || true
servers
case $mode in
all) all "$@" ;;
e2e) step "journeys" && cd infrastructure && go_test -count=1 -v "$@" -run Journey ./e2e/... ;;
faults) step "the long fault suite" && cd infrastructure && FAULTS=long go_test -count=1 -v -timeout 60m "$@" -run Fault ./e2e/... ;;
bench) step "bench" && cd infrastructure && go run ./e2e/bench "$@" ;;
*) die "usage: $0 all|e2e|faults|bench" ;;
esac
step "passed"
