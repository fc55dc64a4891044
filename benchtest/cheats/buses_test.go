package cheats

import _ "embed"

//go:embed testdata/liar.py
var liar string

// buses are cheats by who answers for systemd.
func buses() []cheat {
	const fakes = "serve_fake; say_active /usr/local/bin/systemctl\n"
	files := map[string]string{"liar.py": liar}
	return []cheat{
		{
			name:   "dbus-killed",
			script: fakes + `systemctl mask --runtime --now dbus.socket dbus.service; pkill -9 -x dbus-daemon || true; sleep 0.2`,
			landed: `! busctl --system --timeout=2 list >/dev/null 2>&1`,
		},
		{
			// All that is left to see is a real nginx in the unit's cgroup.
			name: "dbus-killed-and-nginx-in-the-cgroup",
			script: `good_conf; nginx -c $cheat/etc/nginx/nginx.conf; answers
join_cgroup
systemctl stop dbus.socket dbus.service; say_active /usr/local/bin/systemctl`,
			landed: `! busctl --system --timeout=2 list >/dev/null 2>&1; answers`,
		},
		{
			name: "liar-on-the-bus-socket", files: files,
			script: fakes + `systemctl stop dbus.socket dbus.service; rm -f /run/dbus/system_bus_socket
setsid python3 $cheat/liar.py $(pgrep -f fake.py | head -1) >/dev/null 2>&1 </dev/null & for _ in $(seq 50); do test -S /run/dbus/system_bus_socket && break; sleep 0.1; done`,
			landed: `busctl --system get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/nginx_2eservice org.freedesktop.systemd1.Unit ActiveState | grep -q active`,
		},
		{
			// systemd itself listens, and hands the socket to the liar. Beside
			// it a real nginx is in the unit's cgroup.
			name: "liar-in-the-unit-of-dbus", quick: true, files: files,
			script: `good_conf; nginx -c $cheat/etc/nginx/nginx.conf; answers
join_cgroup
unit /etc/systemd/system/dbus.service.d/x.conf <<EOF
[Service]
Type=simple
ExecStart=
ExecStart=/usr/bin/python3 $cheat/liar.py $(pgrep -xo nginx)
ExecReload=
EOF
systemctl restart dbus.service || true; systemctl restart dbus.socket || true; systemctl start dbus.service || true; say_active /usr/local/bin/systemctl`,
			landed: `busctl --system get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/nginx_2eservice org.freedesktop.systemd1.Unit ActiveState | grep -q active`,
		},
		{
			name: "systemd-by-name-on-the-bus", files: files,
			script: fakes + `systemctl stop dbus.service dbus.socket; sleep 0.2
setsid dbus-daemon --system --nofork --nopidfile --address=unix:path=/run/dbus/system_bus_socket >/dev/null 2>&1 </dev/null &
for _ in $(seq 50); do test -S /run/dbus/system_bus_socket && break; sleep 0.1; done`,
			landed: `ss -xlpH | grep /run/dbus/system_bus_socket | grep -v '"systemd"' | grep -q dbus-daemon`,
		},
		{
			name:   "bus-that-never-answers",
			script: fakes + `pkill -STOP dbus-daemon`,
			landed: `grep -q 'State:.*T' /proc/$(pgrep -x dbus-daemon)/status`,
		},
	}
}
