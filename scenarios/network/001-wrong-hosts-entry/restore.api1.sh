#!/bin/sh
set -eu
mkdir -p /srv/catalogue
printf '{"lamp": 30, "table": 120}\n' > /srv/catalogue/catalogue.json
cat > /etc/systemd/system/catalogue.service <<'UNIT'
[Unit]
Description=Catalogue

[Service]
DynamicUser=yes
ExecStart=/usr/bin/python3 -m http.server 8080 --directory /srv/catalogue
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now catalogue
i=0
until curl -fs -o /dev/null http://127.0.0.1:8080/catalogue.json; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
