#!/bin/bash
set -eu
sudo namei -l /var/www/html/index.nginx-debian.html
sudo chmod 0755 /var/www/html
sudo chmod 0644 /var/www/html/index.nginx-debian.html
curl -fsS -o /dev/null http://127.0.0.1/
