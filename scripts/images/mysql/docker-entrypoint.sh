#!/bin/bash
# Starts the database, creating it on the first start from the variables that the official images know:
# MYSQL_ROOT_PASSWORD (or MYSQL_ALLOW_EMPTY_PASSWORD), MYSQL_DATABASE, MYSQL_USER and MYSQL_PASSWORD.
set -euo pipefail

if [ "${1:-mysqld}" != mysqld ] && [ "${1:0:1}" != - ]; then exec "$@"; fi
[ "${1:-}" != mysqld ] || shift

quote() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }
name() { printf '`%s`' "${1//\`/\`\`}"; }

data=/var/lib/mysql
password=${MYSQL_ROOT_PASSWORD:-${MARIADB_ROOT_PASSWORD:-}}
database=${MYSQL_DATABASE:-${MARIADB_DATABASE:-}}
user=${MYSQL_USER:-${MARIADB_USER:-}}
user_password=${MYSQL_PASSWORD:-${MARIADB_PASSWORD:-}}

if [ ! -d "$data/mysql" ]; then
  if [ -z "$password" ] && [ -z "${MYSQL_ALLOW_EMPTY_PASSWORD:-${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}}" ]; then
    echo 'error: database is uninitialized and password option is not specified' >&2
    echo '  You need to specify one of MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD' >&2
    exit 1
  fi
  echo 'Initializing database'
  chown mysql:mysql "$data"
  mariadb-install-db --user=mysql --datadir="$data" --auth-root-authentication-method=normal --skip-test-db --skip-log-bin >/dev/null
  secret=$(quote "$password")
  {
    echo "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');"
    echo 'FLUSH PRIVILEGES;'
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $secret;"
    echo "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY $secret;"
    echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    [ -z "$database" ] || echo "CREATE DATABASE IF NOT EXISTS $(name "$database");"
    if [ -n "$user" ]; then
      echo "CREATE USER IF NOT EXISTS $(quote "$user")@'%' IDENTIFIED BY $(quote "$user_password");"
      [ -z "$database" ] || echo "GRANT ALL ON $(name "$database").* TO $(quote "$user")@'%';"
    fi
  } >/run/mysqld/first-start.sql
  chown mysql:mysql /run/mysqld/first-start.sql
  chmod 0400 /run/mysqld/first-start.sql
  echo 'Database initialized'
  exec mysqld --init-file=/run/mysqld/first-start.sql "$@"
fi
exec mysqld "$@"
