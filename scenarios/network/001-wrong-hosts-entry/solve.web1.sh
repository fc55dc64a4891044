#!/bin/bash
set -eu
getent hosts api1
grep -n api1 /etc/hosts
hosts=$(sed -E '/^192\.0\.2\.17/d; s/^#(.*\bapi1\b)/\1/' /etc/hosts)
printf '%s\n' "$hosts" | sudo tee /etc/hosts
sudo systemctl restart nginx
curl -fsS -o /dev/null --retry 3 --retry-all-errors http://127.0.0.1/catalogue.json
