# make run, stop, start, restart, status, logs, clean.
# shellcheck shell=bash

marketplace_open() {
  state_open
  set_open marketplace "$state"
  secrets_open
  account=marketplace
  password=$(secret servers)
  redis_password=$(secret redis)
  ports_load "$state/ports" "$state/test/ports"
}

marketplace_run() {
  go_check
  install_servers
  state_open
  locked
  marketplace_open
  consul_build
  marketplace_ports
  settings | private "$state/env"
  marketplace_servers
  build_all
  step "waiting for PostgreSQL, Redis and RabbitMQ"
  servers_wait
  database_setup
  marketplace_programs
  supervisor_up
  start_programs
  programs_wait
  demo_load
  marketplace_summary
}

# marketplace_ports keeps the ports of running processes and settles the others.
marketplace_ports() {
  local name pairs=()
  for name in "${!default_port[@]}"; do pairs+=("$name=${default_port[$name]}"); done
  choose_all "$state/ports" "${pairs[@]}"
}

marketplace_servers() {
  local up
  up=$(supervisor_pid) || true
  postgres_server scram-sha-256 -c max_connections=300
  rabbit_server_program
  redis_server 'save 300 1'
  consul_guarded
  supervisor_up
  [[ -n $up ]] || step "starting PostgreSQL, Redis, RabbitMQ and Consul"
}

demo_load() {
  step "demo catalogue"
  as_owner sh -c "set -a; . $state/env; exec $state/bin/demo" || die "the demo catalogue could not be loaded." \
    "Try 'make run' again, or look at 'make logs s=gateway'."
}

marketplace_summary() {
  local base=http://127.0.0.1
  cat <<EOF

The marketplace runs.

  API                 $base:${port[gateway]}/api/v1
  Swagger UI          $base:${port[gateway]}/swagger/index.html
  RabbitMQ            $base:${port[rabbitmq_ui]}   $account / $password
  Consul              $base:${port[consul]}   log in with the token in .local/consul-token
  every other address .local/env
$([[ -x $(consul_binary) ]] || echo "
  Consul is still being compiled; it joins by itself when it is ready.")

  admin@marketplace.local      marketplace-admin
  shopper@marketplace.local    marketplace-shopper
  seller@marketplace.local     marketplace-seller
  warehouse@marketplace.local  marketplace-warehouse
  support@marketplace.local    marketplace-support

An order, from a shell:

$("$here/journey.sh" "${port[gateway]}" | sed 's/^/  /')

What is stuck      (cd order-service && go run cmd/main.go parked list)   also in payment-service and warehouse-service
A backup           (set -a; . .local/env; pg_dump "\$ORDER_SERVICE_DATABASE_URL" -n order_service >orders.sql)   one schema a service
Traces             docker-compose up -d has Jaeger; here a go run of the gateway, which decides what is traced, and of the services, each
                   with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318, sends them to a collector there

make status, make logs s=order-service, make stop, make clean
EOF
}

# running_set opens the marketplace's set for the commands that need it to run.
running_set() {
  [[ -s $state/ports ]] || die "the marketplace is not set up." "Start it: make run"
  marketplace_open
  [[ -n $(supervisor_pid) ]] || die "the marketplace does not run." "Start it: make run"
}

marketplace_stop() {
  if [[ -n ${1:-} ]]; then
    running_set
    control stop "$1"
  elif [[ -s $state/ports ]]; then
    marketplace_open
    locked
    [[ -n $(supervisor_pid) ]] || return 0
    step "stopping"
    supervisor_down
    step "stopped; 'make run' starts it again with the same data"
  fi
}

marketplace_start() {
  [[ -n ${1:-} ]] || die "which one?" "make start s=order-service"
  running_set
  program_free "$1"
  control start "$1"
}

marketplace_restart() {
  running_set
  control restart "${1:-all}"
}

marketplace_status() {
  running_set
  control status || true
}

marketplace_logs() {
  local file=$state/log/${1:-}.log
  [[ -n ${1:-} && -f $file ]] || die "which one?" "make logs s=NAME, where NAME is one of:" \
    "$(find "$state/log/" -name '*.log' -printf '%f ' 2>/dev/null | sed 's/\.log//g')"
  if [[ -t 1 ]]; then exec tail -n 200 -F "$file"; fi
  exec tail -n 200 "$file"
}

marketplace_clean() {
  state_mine
  marketplace_stop ""
  test_servers_stop
  consul_build_stop
  rm -rf "$state" "$link" "$(socket_folder)"
  step "removed all state: databases, queues, secrets and programs"
}
