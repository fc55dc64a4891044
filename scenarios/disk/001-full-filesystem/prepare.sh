#!/bin/sh
set -eu
# Take every free block but a few, without writing them.
free=$(df --output=avail -k / | tail -n 1)
fallocate -l "$((free - 64))K" /var/log/intake/debug.log.1
# What is left goes by ordinary writes, which end in "no space left".
head -c 16M /dev/zero >> /var/log/intake/debug.log.1 2>/dev/null || true
code=$(curl -s -o /dev/null -w '%{http_code}' -X POST -d probe http://127.0.0.1:8085/orders)
[ "$code" = 500 ]
