#!/bin/sh
set -eu
systemctl stop cron
