#!/bin/bash
set -eu
df -h /
sudo du -xh --threshold=100M /var /srv /opt || true # files come and go meanwhile
sudo rm /var/log/intake/debug.log.1
df -h /
curl -fsS -X POST -d check http://127.0.0.1:8085/orders
