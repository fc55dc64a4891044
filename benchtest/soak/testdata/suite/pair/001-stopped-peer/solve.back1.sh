#!/bin/bash
set -eu
sudo systemctl start cron
