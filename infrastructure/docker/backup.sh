#!/usr/bin/env bash
# backup.sh FOLDER: dumps the schema of each service while everything runs, all of the same moment.
set -euo pipefail
[[ $# == 1 ]] || { echo "usage: $0 FOLDER" >&2; exit 2; }
umask 077
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

# shellcheck disable=SC2016 # the container knows the password
in_postgres() { ${COMPOSE:-docker-compose} exec -T postgres sh -c 'PGPASSWORD=$POSTGRES_PASSWORD exec "$@"' sh "$@"; }

# A transaction that stays open until the end: every dump sees what it sees.
coproc transaction { in_postgres psql -qtAX -U postgres marketplace; }
echo "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();" >&"${transaction[1]}"
read -r -t 60 snapshot <&"${transaction[0]}" || { echo "error: PostgreSQL does not answer: docker-compose ps postgres" >&2; exit 1; }

for schema in user_service product_service order_service payment_service warehouse_service sandbox; do
  in_postgres pg_dump -U postgres -Fc --snapshot="$snapshot" -n "$schema" marketplace >"$folder/$schema.partial"
  mv "$folder/$schema.partial" "$folder/$schema.dump"
  echo "$schema: $(du -h "$folder/$schema.dump" | cut -f1)"
done
