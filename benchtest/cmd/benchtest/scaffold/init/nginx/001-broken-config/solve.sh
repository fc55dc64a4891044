#!/bin/bash
set -eu
sudo nginx -t || true
sudo sed -i 's/listen 80 default_server$/listen 80 default_server;/' /etc/nginx/sites-available/default
sudo nginx -t
sudo systemctl reset-failed nginx
sudo systemctl start nginx
