#!/bin/sh
set -eu
systemctl stop nginx
mkdir -p /opt/preview
cat > /etc/systemd/system/preview.service <<'UNIT'
[Unit]
Description=Preview of the next release
Before=nginx.service

[Service]
WorkingDirectory=/opt/preview
ExecStart=/usr/bin/python3 -m http.server 80
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now preview
i=0
until curl -fs -o /dev/null http://127.0.0.1/; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
# nginx waits up to some seconds for the port before it gives up.
systemctl start nginx && exit 1
exit 0
