#!/bin/sh
set -eu
cat > /etc/nginx/sites-available/default <<'SITE'
server {
	listen 80 default_server;
	root /var/www/html;
	location = /catalogue.json {
		proxy_connect_timeout 1s;
		proxy_pass http://api1:8080;
	}
}
SITE
systemctl reload-or-restart nginx
