#!/usr/bin/env bash
# Prints a shopper's journey in curl against the gateway on the given port.
set -euo pipefail

cat <<EOF
api=http://127.0.0.1:${1:-8080}/api/v1
token=\$(curl -s \$api/auth/login -H 'Content-Type: application/json' \\
  -d '{"email":"shopper@marketplace.local","password":"marketplace-shopper"}' |
  sed 's/.*"access_token":"\([^"]*\)".*/\1/')
product=\$(curl -s "\$api/products?limit=1" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
order=\$(curl -s \$api/orders -H "Authorization: Bearer \$token" -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: \$(cat /proc/sys/kernel/random/uuid)" \\
  -d '{"items":[{"product_id":"'\$product'","quantity":1}],"payment_method_id":"pm_card_visa",
       "shipping_address":{"name":"Ada Lovelace","line1":"12 Harbour Street","city":"Dublin","postal_code":"D01 F5P2","country":"IE"}}' |
  grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
curl -s "\$api/orders/\$order?wait=10s" -H "Authorization: Bearer \$token"       # "status":"confirmed"
curl -s "\$api/orders/\$order/events" -H "Authorization: Bearer \$token"         # how it got there
curl -s -X POST "\$api/orders/\$order/cancel" -H "Authorization: Bearer \$token" \\
  -H 'Content-Type: application/json' -d '{"reason":"changed my mind"}'       # stock and money go back
EOF
