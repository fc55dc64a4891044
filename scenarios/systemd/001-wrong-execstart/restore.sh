#!/bin/sh
# The healthy state: the service as the release before left it.
set -eu
id stock >/dev/null 2>&1 || useradd --system --home-dir /srv/stock --shell /usr/sbin/nologin stock
mkdir -p /srv/stock /opt/stock-2.4/bin
printf '{"apples": 12, "pears": 7}\n' > /srv/stock/levels.json
cat > /opt/stock-2.4/bin/stockd <<'PROG'
#!/usr/bin/python3
import functools, http.server
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/srv/stock")
http.server.ThreadingHTTPServer(("127.0.0.1", 8090), handler).serve_forever()
PROG
chmod 0755 /opt/stock-2.4/bin/stockd
rm -rf /etc/systemd/system/stock.service.d
cat > /etc/systemd/system/stock.service <<'UNIT'
[Unit]
Description=Stock levels
After=network.target

[Service]
User=stock
ExecStart=/opt/stock-2.4/bin/stockd
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl reset-failed stock 2>/dev/null || true
systemctl enable --now stock
i=0
until curl -fs -o /dev/null http://127.0.0.1:8090/levels.json; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
