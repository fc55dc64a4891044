#!/bin/sh
set -eu
mkdir -p /etc/systemd/system/stock.service.d
cat > /etc/systemd/system/stock.service.d/release.conf <<'UNIT'
[Service]
ExecStart=
ExecStart=/opt/stock-2.3/bin/stockd
UNIT
systemctl daemon-reload
systemctl restart stock || true
i=0
while systemctl is-active --quiet stock; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
exit 0
