# PostgreSQL, Redis and RabbitMQ as programs of a set: on loopback only, state in the set's folder.
# Callers set `account` (the name of the administrator) and `password`, and the ports.
# shellcheck shell=bash

# postgres_server AUTH OPTION... makes the cluster once and writes its program.
postgres_server() {
  local auth=$1 data=$set_dir/data/postgres bin secret
  shift
  bin=$(postgres_bin)
  if [[ ! -s $data/PG_VERSION ]]; then
    step "making PostgreSQL's cluster"
    secret=$set_dir/run/initdb-password
    printf '%s\n' "$password" | private "$secret"
    # Whole or not at all: initdb writes PG_VERSION first, and can be killed.
    rm -rf "$data.new"
    as_owner "$bin/initdb" -D "$data.new" -U "$account" --pwfile="$secret" --auth="$auth" \
      --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$set_dir/log/initdb.log" 2>&1 ||
      die "initdb failed." "$(tail -n 3 "$set_dir/log/initdb.log")"
    mv -T "$data.new" "$data"
    rm -f "$secret"
  fi
  program postgres "$bin/postgres -D $data -p ${port[postgres]} -c listen_addresses=127.0.0.1 \
-c unix_socket_directories='' $*" <<<"stopsignal=${stop_postgres:-INT}
priority=10"
}

redis_server() {
  local data=$set_dir/data/redis
  folder "$data"
  private "$set_dir/run/redis.conf" <<EOF
bind 127.0.0.1
port ${port[redis]}
dir $data
daemonize no
${redis_password:+requirepass $redis_password}
$(printf '%s\n' "$@")
EOF
  program redis "$(command -v redis-server) $set_dir/run/redis.conf" <<<"stopsignal=${stop_signal:-TERM}
priority=10"
}

# RabbitMQ keeps off another node's epmd, cookie and ports, so that it runs beside any other on the machine.
# RUNNING_UNDER_SYSTEMD makes its script exec the Erlang VM: supervisord then watches the VM, not a shell.
rabbit_server_program() {
  local data=$set_dir/data/rabbitmq
  folder "$data" "$data/mnesia" "$data/config"
  private "$set_dir/run/rabbitmq.conf" <<EOF
listeners.tcp.1 = 127.0.0.1:${port[rabbitmq]}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${port[rabbitmq_ui]}
default_user = $account
default_pass = $password
loopback_users = none
disk_free_limit.absolute = 200MB
log.console = true
log.console.level = warning
log.file = false
EOF
  echo '[rabbitmq_management].' >"$data/enabled_plugins"
  program epmd "$(epmd_program) -port ${port[epmd]} -address 127.0.0.1" <<<"stopsignal=${stop_signal:-TERM}
priority=5"
  program rabbitmq "$(rabbit_server)" <<EOF
environment=RUNNING_UNDER_SYSTEMD="true",ERL_CRASH_DUMP="$set_dir/log/erl_crash.dump",HOME="$data",RABBITMQ_NODENAME="marketplace@localhost",RABBITMQ_CONF_ENV_FILE="/dev/null",
  RABBITMQ_CONFIG_FILE="$set_dir/run/rabbitmq.conf",RABBITMQ_MNESIA_BASE="$data/mnesia",RABBITMQ_LOG_BASE="$set_dir/log",
  RABBITMQ_ENABLED_PLUGINS_FILE="$data/enabled_plugins",RABBITMQ_GENERATED_CONFIG_DIR="$data/config",
  RABBITMQ_PID_FILE="$set_dir/run/rabbitmq.pid",RABBITMQ_DIST_PORT="${port[rabbitmq_dist]}",
  ERL_EPMD_PORT="${port[epmd]}",ERL_EPMD_ADDRESS="127.0.0.1",
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
stopsignal=${stop_signal:-TERM}
stopasgroup=true
killasgroup=true
priority=10
EOF
}

epmd_program() {
  command -v epmd && return
  find /usr/lib/erlang/erts-*/bin/epmd 2>/dev/null | sort -V | tail -1
}

postgres_ready() { "$(postgres_bin)/pg_isready" -q -h 127.0.0.1 -p "${port[postgres]}"; }
redis_ready() { (: <"/dev/tcp/127.0.0.1/${port[redis]}"); }
rabbit_ready() {
  (: <"/dev/tcp/127.0.0.1/${port[rabbitmq]}") &&
    curl -fsS -o /dev/null -K - "http://127.0.0.1:${port[rabbitmq_ui]}/api/vhosts" <<<"user = \"$account:$password\""
}

# servers_wait returns when they answer; Consul is not waited for.
servers_wait() {
  wait_until 60 "PostgreSQL" postgres_ready
  wait_until 60 "Redis" redis_ready
  wait_until 90 "RabbitMQ" rabbit_ready
}
