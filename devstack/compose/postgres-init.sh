#!/bin/sh
# First start of a database container: a role that owns one database and nothing else, and, for capture, the role of cdc/sql.
set -eu
: "${OWNER:?}" "${OWNER_PASSWORD:?}"
psql -v ON_ERROR_STOP=1 -v owner="$OWNER" -v password="$OWNER_PASSWORD" --username postgres --dbname postgres <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"owner" OWNER :"owner";
REVOKE ALL ON DATABASE :"owner" FROM PUBLIC;
SQL
if [ -n "${CDC_PASSWORD:-}" ]; then
    psql -v ON_ERROR_STOP=1 -v password="$CDC_PASSWORD" --username postgres --dbname "$OWNER" -f "${CDC_ROLE:-/cdc/role.sql}"
fi
