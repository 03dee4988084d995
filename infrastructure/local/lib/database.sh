# One database, and for each service one role that owns one schema and sees no other.
# shellcheck shell=bash

database_setup() {
  local name
  {
    cat <<'EOF'
\set ON_ERROR_STOP on
SELECT 'CREATE DATABASE marketplace' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'marketplace') \gexec
REVOKE ALL ON DATABASE marketplace FROM PUBLIC;
\connect marketplace
REVOKE ALL ON SCHEMA public FROM PUBLIC;
EOF
    for name in "${services[@]}"; do service_role "${name//-/_}"; done
  } | PGPASSWORD=$password PGCONNECT_TIMEOUT=10 "$(postgres_bin)/psql" -q -X -h 127.0.0.1 -p "${port[postgres]}" \
    -U "$account" postgres >"$set_dir/log/database.log" 2>&1 ||
    die "the database could not be set up." "$(tail -n 3 "$set_dir/log/database.log")"
}

service_role() {
  cat <<EOF
SELECT 'CREATE ROLE $1 LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$1') \gexec
ALTER ROLE $1 PASSWORD '$(secret "$1")';
ALTER ROLE $1 SET search_path = $1;
GRANT CONNECT ON DATABASE marketplace TO $1;
CREATE SCHEMA IF NOT EXISTS $1 AUTHORIZATION $1;
EOF
}
