#!/bin/sh
# Runs a Consul agent with access control on, in containers, in `make run` and in tests, and sees to it that each service has a token
# that registers this service alone, finds the others, and reads its own settings below config/<service>/. It can run at every start.
#
#   agent.sh FOLDER CONSUL FLAG...
#
# FOLDER takes access.hcl, and `ready` once every token is there. CONSUL is the program, FLAG what its agent needs besides. The
# environment holds CONSUL_MANAGEMENT_TOKEN, the tokens of all below, and CONSUL_HTTP_ADDR where it is not the usual address.
set -eu
umask 077
folder=$1 consul=$2
shift 2

cat >"$folder/access.hcl" <<EOF
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

rules() {
  cat <<EOF
service "$1" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
key_prefix "config/$1/" { policy = "read" }
EOF
}

# grant SERVICE TOKEN. A policy of an earlier version of these rules is brought to this one.
grant() {
  { "$consul" acl policy create -name "$1" -rules "$(rules "$1")" >/dev/null 2>&1 ||
    "$consul" acl policy update -name "$1" -rules "$(rules "$1")" >/dev/null; } &&
    { CONSUL_HTTP_TOKEN=$2 "$consul" acl token read -self >/dev/null 2>&1 || create "$1" "$2"; }
}

# create SERVICE TOKEN. Everybody on a machine sees the commands that run there, and Consul's has the token in it; curl is told on its
# standard input. A container has nobody else in it, and may have no curl.
create() {
  if ! command -v curl >/dev/null; then
    "$consul" acl token create -description "$1" -policy-name "$1" -secret "$2" >/dev/null
    return
  fi
  curl -fsS -o /dev/null -K - <<EOF
url = "${CONSUL_HTTP_ADDR:-http://127.0.0.1:8500}/v1/acl/token"
request = "PUT"
header = "X-Consul-Token: $CONSUL_MANAGEMENT_TOKEN"
data = "{\"Description\": \"$1\", \"SecretID\": \"$2\", \"Policies\": [{\"Name\": \"$1\"}]}"
EOF
}

# forget deletes the tokens of an earlier start that those of the environment have replaced.
forget() {
  tokens=$("$consul" acl token list) || return
  printf '%s\n' "$tokens" | awk '
    BEGIN { for (name in ENVIRON) if (name ~ /_CONSUL_TOKEN$|^CONSUL_MANAGEMENT_TOKEN$/) valid[ENVIRON[name]] }
    /^AccessorID:/ { id = $2 }
    /^SecretID:/ { secret = $2 }
    /^Description:/ {
      sub(/^Description: +/, "")
      ours = /^(Initial Management Token|gateway|(user|product|order|payment|warehouse)-service)$/
      if (ours && !(secret in valid)) print id
    }' | while read -r id; do "$consul" acl token delete -accessor-id "$id" >/dev/null; done
}

# Consul itself creates the initial management token at each start when it does not know it yet.
grants() {
  grant gateway "$GATEWAY_CONSUL_TOKEN" &&
    grant user-service "$USER_SERVICE_CONSUL_TOKEN" &&
    grant product-service "$PRODUCT_SERVICE_CONSUL_TOKEN" &&
    grant order-service "$ORDER_SERVICE_CONSUL_TOKEN" &&
    grant payment-service "$PAYMENT_SERVICE_CONSUL_TOKEN" &&
    grant warehouse-service "$WAREHOUSE_SERVICE_CONSUL_TOKEN" &&
    forget
}

# grants_wait AGENT tries until every token exists or the agent has ended. It prints each reason for a failure once.
grants_wait() {
  said=""
  until error=$(grants 2>&1); do
    kill -0 "$1" 2>/dev/null || return 0
    [ "$error" = "$said" ] || echo "the services' tokens are not there yet: $error" >&2
    said=$error
    sleep 1
  done
  touch "$folder/ready"
}

rm -f "$folder/ready"
grants_wait $$ & # this process becomes the agent
exec "$consul" agent -config-file="$folder/access.hcl" "$@"
