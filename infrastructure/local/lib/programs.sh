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
    elif listens "${port[$name]}"; then
      note "$name: left alone, its port ${port[$name]} is taken by $(holder "${port[$name]}")"
    else
      start+=("$name")
    fi
  done
  change start "${start[@]}"
  change restart "${restart[@]}"
}

# program_free NAME ends when another process has the program's port: supervisord would only say that it ended at once.
program_free() {
  [[ -n ${port[$1]:-} ]] && listens "${port[$1]}" || return 0
  ! control status "$1" | grep -E ' (RUNNING|STARTING) ' >/dev/null || return 0
  die "port ${port[$1]} of $1 is taken by $(holder "${port[$1]}")" "Stop that one first."
}

# change ACTION [NAME...] starts or restarts programs, all at the same time. One that ends at once is tried again by
# supervisord (its port may be the far end of somebody's connection for a moment); programs_wait has the last word.
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
    wait "${name%%=*}" || note "${name#*=} ended and is tried again: $(tail -n 1 "$set_dir/log/${name#*=}.log")"
  done
}

programs_wait() {
  local name deadline=$((SECONDS + 60))
  for name in "${services[@]}" gateway; do
    until healthy "$name"; do
      ((SECONDS < deadline)) || die "$name is not ready." "$(tail -n 5 "$set_dir/log/$name.log")" "More: make logs s=$name"
      sleep 0.1
    done
  done
  step "all services are ready"
}

healthy() { curl -fsS -m 5 -o /dev/null "http://127.0.0.1:${port[$1]}/health/ready" 2>/dev/null; }
