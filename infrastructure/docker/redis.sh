#!/bin/sh
# Starts Redis with its passwords from the environment, which a command line would show to everybody. The default user is the operator's.
# user-service announces what it has revoked and counts attempts; the other services read what was revoked, and nothing else.
set -eu

exec redis-server - <<EOF
port ${REDIS_PORT:-6379}
dir ${REDIS_DIR:-/data}
requirepass $REDIS_PASSWORD
user user-service on >$USER_SERVICE_REDIS_PASSWORD ~auth:revoked:* ~user-service:throttle:* +@read +@write +@scripting +@connection +time -@dangerous
user product-service on >$PRODUCT_SERVICE_REDIS_PASSWORD %R~auth:revoked:* +@read +@connection -@dangerous
user order-service on >$ORDER_SERVICE_REDIS_PASSWORD %R~auth:revoked:* +@read +@connection -@dangerous
user payment-service on >$PAYMENT_SERVICE_REDIS_PASSWORD %R~auth:revoked:* +@read +@connection -@dangerous
user warehouse-service on >$WAREHOUSE_SERVICE_REDIS_PASSWORD %R~auth:revoked:* +@read +@connection -@dangerous
appendonly yes
maxmemory 256mb
maxmemory-policy volatile-lru
EOF
