#!/bin/sh
set -eu
curl -fs --retry 20 --retry-delay 1 --retry-all-errors -o /dev/null http://127.0.0.1/catalogue.json
# First match wins. 192.0.2.0/24 is for documentation: nobody is there.
{ echo '192.0.2.17 api1 # moved'; cat /etc/hosts; } > /etc/hosts.new
cat /etc/hosts.new > /etc/hosts
rm /etc/hosts.new
systemctl restart nginx
curl -fs -m 5 -o /dev/null http://127.0.0.1/catalogue.json && exit 1
exit 0
