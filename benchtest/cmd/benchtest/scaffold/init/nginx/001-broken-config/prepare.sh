#!/bin/sh
set -eu
sed -i 's/listen 80 default_server;/listen 80 default_server/' /etc/nginx/sites-available/default
# The unit must not come up again: a restart with this file fails.
systemctl restart nginx && exit 1
exit 0
