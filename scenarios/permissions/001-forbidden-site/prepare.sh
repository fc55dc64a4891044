#!/bin/sh
set -eu
chmod 0700 /var/www/html
chmod 0600 /var/www/html/index.nginx-debian.html
code=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/)
[ "$code" = 403 ]
