#!/bin/sh
set -eu
log=/var/log/intake/debug.log.1
# Take the free blocks without writing them, in ever smaller pieces: where a
# quota holds before the disk does, df does not say how many are left.
at=0
piece=$(($(df --output=avail -k / | tail -n 1) - 64))
while [ "$piece" -ge 64 ]; do
	if fallocate -o "${at}K" -l "${piece}K" "$log" 2>/dev/null; then
		at=$((at + piece))
	else
		piece=$((piece / 2))
	fi
done
# What is left goes by ordinary writes, which end in "no space left".
head -c 16M /dev/zero >> "$log" 2>/dev/null || true
code=$(curl -s -o /dev/null -w '%{http_code}' -X POST -d probe http://127.0.0.1:8085/orders)
[ "$code" = 500 ]
