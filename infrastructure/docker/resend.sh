#!/usr/bin/env bash
# resend.sh: has every event of the last 7 days sent again. For a broker whose volume was lost: events that had been sent and not
# yet received were lost with it. Who has had an event already takes it as nothing, so this is safe at any time.
set -euo pipefail
cd "$(dirname "$0")/../.."

for schema in order_service payment_service warehouse_service; do
  # shellcheck disable=SC2016 # the container knows the password
  ${COMPOSE:-docker-compose} exec -T postgres sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec psql -tAX -v ON_ERROR_STOP=1 -U postgres -c "$1" marketplace' sh \
    "UPDATE $schema.outbox SET sent_at = NULL, retry_at = now() WHERE sent_at IS NOT NULL" </dev/null |
    sed "s/^UPDATE/$schema: events to be sent again:/"
done
