# The marketplace's own processes under its supervisord.
# shellcheck shell=bash

# Start and stop order: the card processor and the services before the gateway.
marketplace_programs() {
  local name settings_sum
  settings_sum=$(sha256sum <"$state/env" | cut -c1-16)
  for name in "${services[@]}" gateway; do
    # The sum of the settings is there so that supervisord restarts a program whose settings changed.
    program "$name" "sh -c 'set -a; . $state/env; exec $state/bin/$name'" <<EOF
environment=SETTINGS="$settings_sum"
autostart=false
priority=$([[ $name == gateway ]] && echo 60 || echo 50)
EOF
  done
}

# start_programs starts what does not run, and restarts what was rebuilt.
start_programs() {
  local name status start=() restart=()
  status=$(control status || true)
  for name in "${services[@]}" gateway; do
    if grep -qE "^$name +(RUNNING|STARTING|BACKOFF)" <<<"$status"; then
      [[ " ${rebuilt[*]} " != *" $name "* ]] || restart+=("$name")
    elif listening | grep -qx "${port[$name]}"; then
      note "$name: something else listens on its port ${port[$name]}, left alone"
    else
      start+=("$name")
    fi
  done
  change start "${start[@]}"
  change restart "${restart[@]}"
}

# change ACTION [NAME...] starts or restarts programs, all at the same time.
change() {
  local action=$1 name started=()
  shift
  (($# > 0)) || return 0
  step "$action: $*"
  for name in "$@"; do
    control "$action" "$name" >/dev/null &
    started+=("$!=$name")
  done
  for name in "${started[@]}"; do
    wait "${name%%=*}" || start_failed "${name#*=}"
  done
}

start_failed() {
  die "$1 does not start." "$(tail -n 5 "$set_dir/log/$1.log")" "More: make logs s=$1" \
    "It is tried again and again; see: make status"
}

healthy() { curl -fsS -m 5 "http://127.0.0.1:${port[$1]}/health/ready"; }

programs_wait() {
  local name
  for name in "${services[@]}" gateway; do
    wait_until 60 "$name to be ready (make logs s=$name)" healthy "$name"
  done
  step "all services are ready"
}
