#!/bin/bash
# One role for each service, which owns one schema and sees no other. PostgreSQL runs this when its volume is empty; it can
# be run again at any time, after passwords in .env have changed for example (README.md, "Change a password").
set -euo pipefail

# role NAME PASSWORD. The password goes through the environment, because a command line is shown to everybody.
role() {
  ROLE_PASSWORD=$2 psql -v ON_ERROR_STOP=1 -q -X -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-marketplace}" -v name="$1" <<'EOF'
\getenv password ROLE_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password' CONNECTION LIMIT 60;
ALTER ROLE :"name" SET search_path = :"name";
GRANT CONNECT ON DATABASE marketplace TO :"name";
CREATE SCHEMA IF NOT EXISTS :"name" AUTHORIZATION :"name";
EOF
}

export PGPASSWORD=$POSTGRES_PASSWORD
psql -v ON_ERROR_STOP=1 -q -X -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-marketplace}" <<'EOF'
REVOKE ALL ON DATABASE marketplace, postgres, template1 FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
EOF
role user_service "$USER_SERVICE_DATABASE_PASSWORD"
role product_service "$PRODUCT_SERVICE_DATABASE_PASSWORD"
role order_service "$ORDER_SERVICE_DATABASE_PASSWORD"
role payment_service "$PAYMENT_SERVICE_DATABASE_PASSWORD"
role warehouse_service "$WAREHOUSE_SERVICE_DATABASE_PASSWORD"
role sandbox "$SANDBOX_DATABASE_PASSWORD"
