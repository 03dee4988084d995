# Consul as a program of a set. In `make run` it has access control: one token for each service, and one for the person who runs it.
# shellcheck shell=bash

# consul_server writes the program of a Consul that lets everybody do everything (tests); consul_guarded one with access control. Consul
# may still be compiling: its program waits for the binary, and nobody waits for it.
consul_server() {
  consul_program "exec $(consul_binary) agent"
}

consul_guarded() {
  local run=$set_dir/run/consul data=$set_dir/data/consul command
  folder "$run"
  private "$run/agent.sh" <"$root/infrastructure/consul/agent.sh" # the processes' user may not see the checkout
  consul_tokens | private "$run/env"
  secret_uuid consul | private "$state/consul-token"
  # What anybody could register before Consul was closed is forgotten when it is: the services register again.
  command="[ -e $run/access.hcl ] || rm -rf $data/services $data/checks"
  command+="; set -a; . $run/env; exec sh $run/agent.sh $run $(consul_binary)"
  consul_program "$command" "$run/agent.sh" "$run/env"
}

# consul_program COMMAND [FILE...] writes the program; it starts again when its configuration or one of the files has changed.
consul_program() {
  local command=$1 config=$set_dir/run/consul.hcl sum
  shift
  consul_config | private "$config"
  sum=$(cat "$config" "$@" | sha256sum | cut -c1-16)
  consul_peer "$set_dir/data/consul"
  program consul "sh -c 'until [ -x $(consul_binary) ]; do sleep 1; done; $command -config-file=$config'" <<EOF
environment=SETTINGS="$sum"
stopsignal=${stop_signal:-INT}
priority=10
EOF
}

consul_config() {
  local data=$set_dir/data/consul
  folder "$data"
  cat <<EOF
server = true
bootstrap_expect = 1
node_name = "local"
data_dir = "$data"
bind_addr = "127.0.0.1"
client_addr = "127.0.0.1"
log_level = "WARN"
disable_update_check = true
ui_config { enabled = true }
performance { raft_multiplier = 1 }
ports {
  http = ${port[consul]}
  server = ${port[consul_server]}
  serf_lan = ${port[consul_serf]}
  serf_wan = -1
  dns = -1
  grpc = -1
  grpc_tls = -1
}
EOF
}

# consul_tokens prints what agent.sh is to know.
consul_tokens() {
  local name
  echo "CONSUL_HTTP_ADDR=http://127.0.0.1:${port[consul]}"
  echo "CONSUL_MANAGEMENT_TOKEN=$(secret_uuid consul)"
  for name in "${registered[@]}"; do echo "$(prefix "$name")_CONSUL_TOKEN=$(consul_token "$name")"; done
}

# consul_token NAME prints the token with which a service registers.
consul_token() { secret_uuid "consul $1"; }

# Consul remembers itself by its address: after a change of port it would wait for its old self for ever.
consul_peer() {
  [[ -s $1/node-id && -d $1/raft && -z $(supervisor_pid) ]] || return 0
  private "$1/raft/peers.json" <<EOF
[{"id": "$(<"$1/node-id")", "address": "127.0.0.1:${port[consul_server]}", "non_voter": false}]
EOF
}
