#!/bin/sh
# Starts a Consul server with access control on, and sees to it that each service has a token that registers this service
# alone, finds the others, and reads its own settings below config/<service>/. It can run at every start.
set -eu
umask 077

cat >/tmp/consul.hcl <<EOF
server = true
bootstrap_expect = 1
node_name = "consul"
data_dir = "/consul/data"
client_addr = "0.0.0.0"
bind_addr = "{{ GetInterfaceIP \"eth0\" }}"
log_level = "WARN"
disable_update_check = true
enable_script_checks = false
ui_config { enabled = true }
performance { raft_multiplier = 1 }
acl {
  enabled = true
  default_policy = "deny"
  enable_token_persistence = true
  tokens {
    initial_management = "$CONSUL_MANAGEMENT_TOKEN"
    agent = "$CONSUL_MANAGEMENT_TOKEN"
  }
}
EOF

export CONSUL_HTTP_TOKEN="$CONSUL_MANAGEMENT_TOKEN"

# grant SERVICE TOKEN
grant() {
  consul acl policy read -name "$1" >/dev/null 2>&1 || consul acl policy create -name "$1" -rules - >/dev/null <<EOF
service "$1" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
key_prefix "config/$1/" { policy = "read" }
EOF
  CONSUL_HTTP_TOKEN=$2 consul acl token read -self >/dev/null 2>&1 ||
    consul acl token create -description "$1" -policy-name "$1" -secret "$2" >/dev/null
  forget "$1" "$2"
}

# forget DESCRIPTION TOKEN deletes the tokens that TOKEN has replaced.
forget() {
  tokens=$(consul acl token list) || return
  printf '%s\n' "$tokens" | awk -v name="$1" -v token="$2" '
    /^AccessorID:/ { id = $2 }
    /^SecretID:/ { secret = $2 }
    /^Description:/ { sub(/^Description: +/, ""); if ($0 == name && secret != token) print id }' |
    while read -r id; do consul acl token delete -accessor-id "$id" >/dev/null; done
}

# Consul itself makes the initial management token at every start, when it has another one.
grants() {
  forget "Initial Management Token" "$CONSUL_MANAGEMENT_TOKEN" &&
    grant gateway "$GATEWAY_CONSUL_TOKEN" &&
    grant user-service "$USER_SERVICE_CONSUL_TOKEN" &&
    grant product-service "$PRODUCT_SERVICE_CONSUL_TOKEN" &&
    grant order-service "$ORDER_SERVICE_CONSUL_TOKEN" &&
    grant payment-service "$PAYMENT_SERVICE_CONSUL_TOKEN" &&
    grant warehouse-service "$WAREHOUSE_SERVICE_CONSUL_TOKEN"
}

rm -f /tmp/ready
(until grants 2>/tmp/grants.log; do sleep 1; done; touch /tmp/ready) &
exec consul agent -config-file=/tmp/consul.hcl
