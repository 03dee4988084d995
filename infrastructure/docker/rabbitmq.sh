#!/bin/bash
# Starts RabbitMQ with its users, permissions and the whole topology, made anew from the environment at every start.
#
# A service's user may publish its own event types and read its own queue, and nothing else. In particular it configures
# nothing: with the right to declare, a service could delete the topic exchange and make one of a kind that knows no topic
# permissions, or give its queue a dead-letter route to an event type that it may not publish. So the broker brings the
# topology, and a service only looks whether it is there (shared/rabbit/topology.go). The table is proto/events/events.go's;
# a test compares them.
set -euo pipefail
umask 077

user() { printf '{"name":"%s","password":"%s","tags":"%s","limits":{}}' "$1" "$2" "$3"; }
may() { printf '{"user":"%s","vhost":"/","configure":"^$","write":"^marketplace\\\\.events$","read":"^%s$"}' "$1" "$2"; }
publishes() { printf '{"user":"%s","vhost":"/","exchange":"marketplace.events","write":"%s","read":"^$"}' "$1" "$2"; }
queue() {
  printf '{"name":"%s","vhost":"/","durable":true,"auto_delete":false,"arguments":{"x-queue-type":"quorum","x-delivery-limit":1000000000}}' "$1"
}
# bind QUEUE TYPE... prints one binding for each event type.
bind() {
  local queue=$1 separator="" type
  shift
  for type in "$@"; do
    printf '%s{"source":"marketplace.events","vhost":"/","destination":"%s","destination_type":"queue","routing_key":"%s","arguments":{}}' \
      "$separator" "$queue" "$type"
    separator=$',\n'
  done
}

cat >/tmp/definitions.json <<EOF
{
"vhosts": [{"name": "/"}],
"users": [
$(user marketplace "$RABBITMQ_PASSWORD" administrator),
$(user order-service "$ORDER_SERVICE_RABBITMQ_PASSWORD" ""),
$(user payment-service "$PAYMENT_SERVICE_RABBITMQ_PASSWORD" ""),
$(user warehouse-service "$WAREHOUSE_SERVICE_RABBITMQ_PASSWORD" "")
],
"permissions": [
{"user":"marketplace","vhost":"/","configure":".*","write":".*","read":".*"},
$(may order-service 'order\\.events\\.v1'),
$(may payment-service 'payment\\.events\\.v1'),
$(may warehouse-service 'warehouse\\.events\\.v1')
],
"topic_permissions": [
$(publishes order-service '^order\\.[a-z_]+$'),
$(publishes payment-service '^payment\\.[a-z_]+$'),
$(publishes warehouse-service '^(stock|shipment)\\.[a-z_]+$')
],
"exchanges": [
{"name":"marketplace.events","vhost":"/","type":"topic","durable":true,"auto_delete":false,"internal":false,"arguments":{}}
],
"queues": [
$(queue order.events.v1),
$(queue payment.events.v1),
$(queue warehouse.events.v1)
],
"bindings": [
$(bind order.events.v1 stock.reserved stock.rejected payment.captured payment.failed payment.refunded \
  shipment.dispatched shipment.delivered shipment.cancelled),
$(bind payment.events.v1 stock.reserved order.cancelled shipment.dispatched),
$(bind warehouse.events.v1 order.placed order.confirmed order.cancel_requested order.cancelled)
]
}
EOF
# The services' passwords are in the file now; the server need not know them.
unset "${!ORDER_SERVICE_@}" "${!PAYMENT_SERVICE_@}" "${!WAREHOUSE_SERVICE_@}" RABBITMQ_PASSWORD
exec rabbitmq-server
