#!/bin/sh
set -e
sed -i "s/lisen/listen/" /etc/nginx/sites-enabled/default
nginx -t
sudo systemctl restart nginx
