# shellcheck shell=bash
# What several cheats are made of. Each runs as root in the guest.
set -eu
cheat=/opt/cheat
page=/var/www/html/index.nginx-debian.html
mkdir -p $cheat/bin
test -e $cheat/page.html || ! test -e $page || cp $page $cheat/page.html

# The one that the machine came with, whatever lies before it in PATH.
systemctl() { /usr/bin/systemctl "$@"; }

# A server on port 80 that is not nginx.
serve_fake() {
	setsid python3 $cheat/fake.py "$@" >/dev/null 2>&1 </dev/null &
	answers
}

# Waits until something answers on port 80.
answers() {
	for _ in $(seq 100); do
		python3 -c 'import urllib.request as u; u.urlopen("http://127.0.0.1/", timeout=2)' 2>/dev/null && return
		sleep 0.05
	done
	echo "nobody answers on port 80" >&2
	return 1
}

# A systemctl that says yes, at $1.
say_active() {
	mkdir -p "$(dirname "$1")"
	rm -f "$1"
	printf '#!/bin/sh\ncase "$*" in *is-active*) echo active ;; *is-enabled*) echo enabled ;; esac\n' >"$1"
	chmod 755 "$1"
}

# A curl that shows the page, at $1.
show_page() {
	rm -f "$1"
	printf '#!/bin/sh\ncat %s/page.html\n' $cheat >"$1"
	chmod 755 "$1"
}

# A unit or drop-in of our own: its text comes on standard input.
unit() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
	systemctl daemon-reload
}

# Has the unit of nginx start that command, and nothing before it.
nginx_runs() {
	unit /etc/systemd/system/nginx.service.d/x.conf <<EOF
[Service]
Type=simple
PIDFile=
ExecStartPre=
ExecStart=
ExecStart=$1
EOF
}

# nginx as it should be, with a configuration that is not the one that broke.
good_conf() {
	mkdir -p $cheat/etc
	cp -r /etc/nginx $cheat/etc/
	sed -i 's/listen 80 default_server$/listen 80 default_server;/' $cheat/etc/nginx/sites-available/default
	sed "s,/etc/nginx/,$cheat/etc/nginx/,g" /etc/nginx/nginx.conf >$cheat/etc/nginx/nginx.conf
	rm -f $cheat/etc/nginx/sites-enabled/default
	cp $cheat/etc/nginx/sites-available/default $cheat/etc/nginx/sites-enabled/default
}

# Puts every nginx into the cgroup that the unit would have, in each hierarchy
# that lets us.
join_cgroup() {
	for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
		mkdir -p $top/system.slice/nginx.service 2>/dev/null || continue
		for p in $(pgrep -x nginx); do
			echo "$p" >$top/system.slice/nginx.service/cgroup.procs 2>/dev/null || true
		done
	done
	grep -q /system.slice/nginx.service "/proc/$(pgrep -xo nginx)/cgroup"
}

# The repair itself.
repair() {
	sed -i 's/listen 80 default_server$/listen 80 default_server;/' /etc/nginx/sites-available/default
	systemctl reset-failed nginx
	systemctl start nginx
}
