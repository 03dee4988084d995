#!/usr/bin/env bash
# passwords.sh: gives PostgreSQL, which keeps its passwords in its volume, those that .env has now. It runs while the marketplace does;
# `docker-compose up -d` after it gives the new passwords to everybody who uses them, and to the other servers.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ -r .env ]] || { echo "error: there is no .env with new passwords" >&2; exit 1; }

# Passwords go through standard input, because a command line is shown to everybody. The container knows the superuser's old one.
in_postgres() { ${COMPOSE:-docker-compose} exec -T postgres bash -ec "$1"; }
superuser=$(sed -n 's/^POSTGRES_PASSWORD=//p' .env | tail -1)
roles=$(grep '^[A-Z_]*_DATABASE_PASSWORD=.' .env) || { echo "error: .env has no passwords of database roles; nothing was changed" >&2; exit 1; }
[[ -n $superuser ]] || { echo "error: .env has no POSTGRES_PASSWORD; nothing was changed" >&2; exit 1; } # an empty one would lock the superuser out

# shellcheck disable=SC2016 # read in the container
in_postgres 'set -a; . /dev/stdin; bash /docker-entrypoint-initdb.d/10-roles.sh </dev/null' <<<"$roles"
# shellcheck disable=SC2016
printf "ALTER ROLE postgres PASSWORD '%s';\n" "$superuser" |
  in_postgres 'PGPASSWORD=$POSTGRES_PASSWORD exec psql -qX -v ON_ERROR_STOP=1 -U postgres marketplace'
echo "PostgreSQL has the passwords of .env; now: docker-compose up -d"
