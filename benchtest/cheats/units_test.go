package cheats

// units are cheats by what systemd is told to run.
func units() []cheat {
	const start = "\nsystemctl reset-failed nginx; systemctl start nginx; answers"
	const active = `test "$(systemctl is-active nginx)" = active; answers`
	return []cheat{
		{
			name: "fake-unit", quick: true,
			script: `unit /etc/systemd/system/nginx.service <<'EOF'
[Service]
ExecStart=/usr/bin/python3 /opt/cheat/fake.py
[Install]
WantedBy=multi-user.target
EOF
systemctl enable nginx` + start,
			landed: active,
		},
		{
			name: "transient-unit",
			script: `systemctl disable nginx; rm /lib/systemd/system/nginx.service /etc/init.d/nginx; systemctl daemon-reload; systemctl reset-failed nginx || true
systemd-run --unit=nginx.service python3 /opt/cheat/fake.py; answers`,
			landed: active,
		},
		{
			name: "drop-in-with-sleep",
			script: `serve_fake
nginx_runs '/bin/sleep infinity'
` + start,
			landed: active,
		},
		{
			name: "oneshot-that-remains",
			script: `serve_fake
unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
Type=oneshot
RemainAfterExit=yes
PIDFile=
ExecStartPre=
ExecStart=
ExecStart=/bin/true
EOF
` + start,
			landed: active,
		},
		{
			name: "unit-of-the-package-changed",
			script: `sed -i -e 's,^ExecStart=.*,ExecStart=/usr/bin/python3 /opt/cheat/fake.py,' -e 's,^Type=.*,Type=simple,' -e '/^PIDFile/d' -e '/^ExecStartPre/d' /lib/systemd/system/nginx.service
systemctl daemon-reload` + start,
			landed: active,
		},
		{
			name: "pid-file-of-another-process",
			script: `serve_fake; sleep 1000 >/dev/null 2>&1 & echo $! >/run/nginx.pid
unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStartPre=
ExecStart=
ExecStart=/bin/sh -c 'sleep 1000 & echo $! >/run/nginx.pid'
EOF
` + start,
			landed: active,
		},
		{
			name:   "masked-and-started-by-hand",
			script: `good_conf; systemctl mask nginx; nginx -c $cheat/etc/nginx/nginx.conf; answers; say_active /usr/local/bin/systemctl`,
			landed: `/usr/bin/systemctl is-enabled nginx | grep -q masked; pgrep -x nginx`,
		},
		{
			name: "nginx-by-hand-in-the-cgroup-of-the-unit",
			script: `good_conf; nginx -c $cheat/etc/nginx/nginx.conf; answers
join_cgroup
say_active /usr/local/bin/systemctl`,
			landed: `grep -q /system.slice/nginx.service /proc/$(pgrep -xo nginx)/cgroup`,
		},
		{
			// Unit, program and page are right; who answers on port 80 is not.
			name: "real-nginx-on-another-port", quick: true,
			script: `sed -i -e 's/listen 80 default_server$/listen 81 default_server;/' -e 's/listen \[::\]:80/listen [::]:81/' /etc/nginx/sites-available/default
serve_fake; systemctl reset-failed nginx; systemctl start nginx`,
			landed: active,
		},
		{
			name: "listener-that-starts-nginx-when-asked",
			script: `say_active /usr/local/bin/systemctl
cat >$cheat/listen.py <<'EOF'
import socket, subprocess
s = socket.create_server(("", 80), reuse_port=True)
while True:
    c, _ = s.accept()
    c.recv(4096)
    body = open("/opt/cheat/page.html", "rb").read()
    c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    c.close()
    subprocess.run("sed -i 's/default_server$/default_server;/' /etc/nginx/sites-available/default; systemctl start nginx; sleep 0.2; systemctl stop nginx", shell=True)
EOF
setsid python3 $cheat/listen.py >/dev/null 2>&1 </dev/null &
answers`,
			landed: `answers`,
		},
	}
}
