#!/bin/sh
set -eu
mkdir -p /srv/soak
seq 1 2000 > /srv/soak/numbers
systemctl is-active cron
