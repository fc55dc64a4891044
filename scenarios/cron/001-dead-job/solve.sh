#!/bin/bash
set -eu
systemctl status cron --no-pager || true
ls -l /etc/cron.d
sudo chmod 0644 /etc/cron.d/ledger
sudo systemctl enable --now cron
