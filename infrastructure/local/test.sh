#!/usr/bin/env bash
# test.sh all|e2e|faults|attacks|bench [go test flags]: runs tests on servers of their own (make test-servers).
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
}

await_consul() {
  step "waiting for Consul (its first build takes minutes)"
  local deadline=$((SECONDS + 1200))
  until curl -fsS "$TEST_CONSUL_URL/v1/status/leader" 2>/dev/null | grep -q :; do
    ((SECONDS < deadline)) || die "Consul did not come up." "Look at .local/log/consul-build.log and .local/test/log/consul.log"
    sleep 1
  done
}

# Tests wait for servers more than they compute: three at a time and package keep a processor busy. A program with
# -race sleeps a second when it ends, for goroutines that outlive it; tests end theirs.
go_test() { GORACE="atexit_sleep_ms=10 ${GORACE:-}" go test -timeout 15m -parallel $((3 * $(nproc))) "$@"; }

# What starts the whole marketplace comes after the rest, and one by one: beside each other they would only time out.
e2e=infrastructure/e2e
whole=("./$e2e/journeys" "./$e2e/walk" "./$e2e/faults")

# go vet comes first: it compiles what the tests are made of, as they are, while Consul is being built.
all() {
  local packages failed=0 race=()
  [[ " $* " != *" -race "* ]] || race=(-race)
  step "go vet ${race[*]} work"
  go vet "${race[@]}" work || failed=1
  await_consul
  mapfile -t packages < <(go list work | grep -vE "/$e2e/(journeys|walk|faults|attacks|bench)$")
  step "go test work $*: ${#packages[@]} packages"
  go_test "$@" "${packages[@]}" || failed=1
  step "go test $*: journeys, the walk and short faults"
  go_test -p 1 "$@" "${whole[@]}" || failed=1
  step "go test $*: short attacks"
  go_test -short "$@" "./$e2e/attacks" || failed=1
  ((failed == 0)) || die "something failed, see above." "One package again: go test ./shared/outbox"
}

# A figure is only worth something when commits reach the disk, which the test servers leave out.
bench() {
  step "bench, with durable commits"
  trap 'durable off' EXIT
  durable on
  go_test -run '^$' -bench . -benchtime 1x "$@" "./$e2e/bench"
}

durable() {
  local setting
  {
    for setting in fsync synchronous_commit full_page_writes; do echo "ALTER SYSTEM SET $setting = $1;"; done
    echo "SELECT pg_reload_conf();"
  } | psql -q -X -o /dev/null -v ON_ERROR_STOP=1 "$TEST_DATABASE_URL"
}

mode=${1:-all}
shift || true
servers
[[ $mode == all ]] || await_consul
case $mode in
all) all "$@" ;;
e2e) step "journeys" && go_test -count=1 -v "$@" "./$e2e/journeys" ;;
faults) step "the long fault suite" && FAULT_ROUNDS=${FAULT_ROUNDS:-30} go_test -count=1 -v -timeout 2h "$@" "./$e2e/faults" ;;
attacks) step "the attacks, with the memory of each process" && go_test -count=1 -v "$@" "./$e2e/attacks" ;;
bench) bench "$@" ;;
*) die "usage: $0 all|e2e|faults|attacks|bench" ;;
esac
step "passed"
