#!/bin/bash
# Runs once while the image is built. Starts the server given as arguments a single time, so that it compiles the pages and
# records its classes in an archive: containers then start quickly and need no compiler at work.
set -euo pipefail
home=/usr/share/tomcat10
base=/usr/local/tomcat
demo=$base/webapps/demo
ln -s "$(find /usr/lib/jvm -path '*/bin/java' -type f | head -n 1)" /usr/local/bin/java
cp "$home/etc/web.xml" "$home/etc/catalina.properties" "$home/etc/context.xml" "$base/conf/"
mkdir -p "$demo/WEB-INF/lib"
cp /usr/share/java/mariadb-java-client.jar "$demo/WEB-INF/lib/"

"$1" -XX:ArchiveClassesAtExit="$base/classes.jsa" "${@:2}" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
status() { curl -s -o /tmp/page -w '%{http_code}' "http://127.0.0.1:8080/demo/$1"; }
# Without a database the list answers 500 and the form's target, without parameters, 400: both are compiled then.
for _ in $(seq 300); do
  [ "$(status '')" = 000 ] || break
  sleep 0.1
done
[ "$(status '')" = 500 ] && grep -q 'the database cannot be reached' /tmp/page || { cat /tmp/page; exit 1; }
[ "$(status insert.jsp)" = 400 ] || { cat /tmp/page; exit 1; }
kill "$server"
wait "$server" || true
trap - EXIT
rm /tmp/page
[ -s "$base/classes.jsa" ]
