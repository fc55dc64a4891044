#!/bin/bash
set -eu
getent hosts api1
grep -n api1 /etc/hosts
sed '/192\.0\.2\.17/d' /etc/hosts > /tmp/hosts
sudo cp --no-preserve=all /tmp/hosts /etc/hosts
rm /tmp/hosts
sudo systemctl restart nginx
curl -fsS -o /dev/null --retry 3 --retry-all-errors http://127.0.0.1/catalogue.json
