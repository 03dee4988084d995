#!/usr/bin/env bash
# restore.sh FOLDER: loads what backup.sh wrote into an empty database, before the services start. It changes no schema that
# holds anything.
set -euo pipefail
[[ $# == 1 && -d $1 ]] || { echo "usage: $0 FOLDER" >&2; exit 2; }
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

# shellcheck disable=SC2016 # the container knows the password
in_postgres() { ${COMPOSE:-docker-compose} exec -T postgres sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec "$@"' sh "$@"; }

# While the first start makes the roles, the server listens on its socket only.
until in_postgres pg_isready -q -h 127.0.0.1 -U postgres -d marketplace </dev/null; do
  ((SECONDS < 120)) || { echo "error: PostgreSQL does not answer: docker-compose ps postgres" >&2; exit 1; }
  sleep 1
done

for schema in user_service product_service order_service payment_service warehouse_service sandbox; do
  in_postgres psql -qX -v ON_ERROR_STOP=1 -U postgres -c "DROP SCHEMA IF EXISTS $schema" marketplace </dev/null ||
    { echo "error: $schema is not empty. A backup goes into new volumes: docker-compose down -v; docker-compose up -d postgres" >&2; exit 1; }
  in_postgres pg_restore -U postgres --exit-on-error --single-transaction -d marketplace <"$folder/$schema.dump"
  echo "$schema: restored"
done
"$here/resend.sh"
