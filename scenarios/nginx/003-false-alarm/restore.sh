#!/bin/sh
# The healthy state: nginx serves Debian's default site.
set -eu
cat > /etc/nginx/sites-available/default <<'SITE'
server {
	listen 80 default_server;
	listen [::]:80 default_server;
	root /var/www/html;
	index index.html index.htm index.nginx-debian.html;
	server_name _;
	location / {
		try_files $uri $uri/ =404;
	}
}
SITE
chmod 0644 /etc/nginx/sites-available/default
ln -sf /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default
install -d -m 0755 /var/www/html
install -m 0644 /usr/share/nginx/html/index.html /var/www/html/index.nginx-debian.html
systemctl is-enabled --quiet nginx || systemctl enable nginx
systemctl reset-failed nginx 2>/dev/null || true
systemctl reload-or-restart nginx
i=0
until curl -fs -o /dev/null http://127.0.0.1/; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
