#!/bin/bash
set -eu
systemctl is-active cron || true
sudo systemctl start cron
