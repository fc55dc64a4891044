#!/bin/sh
set -eu
curl -fs --retry 20 --retry-delay 1 --retry-all-errors -o /dev/null http://127.0.0.1/catalogue.json
# Somebody "kept" the right line as a comment. 192.0.2.0/24 is for
# documentation: nobody is there. The file may be a mount, so it is written
# and not replaced.
hosts=$(sed -E 's/^([0-9a-f.:]+[[:space:]].*\bapi1\b.*)$/#\1\n192.0.2.17 api1/' /etc/hosts)
printf '%s\n' "$hosts" > /etc/hosts
systemctl restart nginx
curl -fs -m 5 -o /dev/null http://127.0.0.1/catalogue.json && exit 1
exit 0
