#!/bin/sh
# The healthy state: an intake that stores each order in a file of its own.
set -eu
mkdir -p /srv/intake/new /var/log/intake
rm -f /var/log/intake/debug.log.1
[ -s /srv/intake/2025.orders ] || seq -f 'order %06g' 1 5000 > /srv/intake/2025.orders
cat > /usr/local/sbin/intaked <<'PROG'
#!/usr/bin/python3
import http.server, os, tempfile

class Intake(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            with tempfile.NamedTemporaryFile(dir="/srv/intake/new", delete=False) as f:
                f.write(body.ljust(65536))
                f.flush()
                os.fsync(f.fileno())
            # Only as many as fit a day's work are kept here.
            kept = sorted(os.scandir("/srv/intake/new"), key=lambda e: e.stat().st_mtime)
            for old in kept[:-20]:
                os.unlink(old)
            self.send_response(201)
        except OSError as e:
            self.log_message("store order: %s", e)
            self.send_response(500)
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", 8085), Intake).serve_forever()
PROG
chmod 0755 /usr/local/sbin/intaked
cat > /etc/systemd/system/intake.service <<'UNIT'
[Unit]
Description=Order intake

[Service]
ExecStart=/usr/local/sbin/intaked
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now intake
i=0
until curl -fs -o /dev/null -X POST -d probe http://127.0.0.1:8085/orders; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
