#!/bin/bash
set -eu
sudo ss -ltnp 'sport = :80'
sudo systemctl disable --now preview
sudo systemctl reset-failed nginx
sudo systemctl start nginx
curl -fsS -o /dev/null http://127.0.0.1/
