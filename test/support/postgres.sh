#!/bin/sh
# Starts or stops a private PostgreSQL for the tests, on a free port of loopback, with its data in a temporary folder.
#   test/support/postgres.sh start   prints the URL for PHONEBOOT_TEST_POSTGRES_URL
#   test/support/postgres.sh stop    stops it and removes its data
#   test/support/postgres.sh pause   stops it at once, as a crash would, and keeps its data
#   test/support/postgres.sh resume  starts it again, on the same port
# PHONEBOOT_TEST_POSTGRES_DIR chooses the folder (default /tmp/phoneboot-test-postgres).
# As root it runs as user postgres, which PostgreSQL insists on. Needs Debian's package postgresql.
set -eu
dir=${PHONEBOOT_TEST_POSTGRES_DIR:-/tmp/phoneboot-test-postgres}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo 'PostgreSQL is not installed: apt-get install postgresql' >&2; exit 1; }

as_owner() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --init-groups "$@"; else "$@"; fi
}

case ${1:-} in
start)
  if [ -s "$dir/url" ] && as_owner "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; then
    cat "$dir/url"
    exit 0
  fi
  rm -rf "$dir"
  mkdir -p "$dir"
  [ "$(id -u)" != 0 ] || chown postgres:postgres "$dir"
  cd "$dir"
  port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close() })")
  as_owner "$bin/initdb" -D "$dir/data" -U phoneboot -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1
  as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w \
    -o "-h 127.0.0.1 -p $port -c unix_socket_directories='' -c fsync=off" start >/dev/null 2>&1
  echo "postgres://phoneboot@127.0.0.1:$port/postgres" | tee "$dir/url"
  ;;
stop)
  cd /
  if [ -d "$dir/data" ]; then as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true; fi
  rm -rf "$dir"
  ;;
pause)
  cd /
  as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
  ;;
resume)
  cd /
  port=$(sed 's/.*:\([0-9]*\)\/.*/\1/' "$dir/url")
  as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w \
    -o "-h 127.0.0.1 -p $port -c unix_socket_directories='' -c fsync=off" start >/dev/null 2>&1
  ;;
*)
  echo "usage: $0 start|stop|pause|resume" >&2
  exit 64
  ;;
esac
