# The servers that tests use: their own, beside a running marketplace, empty at every start and not durable.
# shellcheck shell=bash

test_servers() {
  install_servers
  state_open
  locked
  set_open test "$state/test"
  consul_build
  account="test"
  if [[ -n $(supervisor_pid) ]]; then
    ports_load "$set_dir/ports"
    password=$(sed -n 's|^TEST_DATABASE_URL=postgres://test:\([^@]*\)@.*|\1|p' "$set_dir/env")
    servers_wait
    step "the test servers run"
    return
  fi
  test_servers_start
}

test_servers_start() {
  rm -rf "$set_dir/data" "$set_dir/env"
  folder "$set_dir/data"
  ports_load "$set_dir/ports" "$state/ports"
  choose_all "$set_dir/ports" postgres=15432 redis=16379 rabbitmq=15673 rabbitmq_ui=15674 rabbitmq_dist=15675 \
    epmd=15676 consul=18500 consul_server=18501 consul_serf=18502
  password=$(random)
  stop_signal=KILL stop_postgres=QUIT
  postgres_server md5 -c max_connections=300 -c max_wal_size=4GB -c log_min_messages=fatal
  printf '%s = off\n' fsync synchronous_commit full_page_writes >>"$set_dir/data/postgres/postgresql.conf"
  redis_server 'save ""'
  rabbit_server_program
  consul_server
  test_env | private "$set_dir/env" # before they run, or who comes after an interrupted start could not know
  supervisor_up
  step "starting the test servers"
  servers_wait
  step "the test servers run: $link/test/env"
}

test_env() {
  cat <<EOF
TEST_DATABASE_URL=postgres://$account:$password@127.0.0.1:${port[postgres]}/postgres?sslmode=disable
TEST_REDIS_URL=redis://127.0.0.1:${port[redis]}/0
TEST_RABBITMQ_URL=amqp://$account:$password@127.0.0.1:${port[rabbitmq]}/
TEST_RABBITMQ_API_URL=http://$account:$password@127.0.0.1:${port[rabbitmq_ui]}
TEST_CONSUL_URL=http://127.0.0.1:${port[consul]}
EOF
}

test_servers_stop() {
  [[ -e $state/test/ports ]] || return 0
  state_open
  locked
  set_open test "$state/test"
  supervisor_down
  rm -rf "$set_dir/data" "$set_dir/env"
  step "the test servers are stopped"
}
