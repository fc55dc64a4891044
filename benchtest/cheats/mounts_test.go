package cheats

// mounts are cheats by what is mounted, unmounted or mounted again.
func mounts() []cheat {
	const fakes = "serve_fake; say_active /usr/local/bin/systemctl\n"
	return []cheat{
		{
			name: "bind-over-proc", quick: true,
			script: fakes + `mkdir -p $cheat/proc/net $cheat/proc/self $cheat/proc/1
echo "systemd" >$cheat/proc/1/comm; cat /proc/net/tcp >$cheat/proc/net/tcp
cp /proc/mounts $cheat/proc/mounts; cp /proc/stat $cheat/proc/stat
mount --bind $cheat/proc /proc`,
			landed: `test ! -e /proc/2 && test ! -e /proc/self/status`,
		},
		{
			name:   "bind-over-the-page",
			script: fakes + `echo nothing >$page; mount --bind $cheat/page.html $page`,
			landed: `grep -q Welcome $page`,
		},
		{
			name:   "bind-over-the-directory-of-the-page",
			script: fakes + `mkdir $cheat/html; cp $cheat/page.html $cheat/html/index.nginx-debian.html; rm $page; mount --bind $cheat/html /var/www/html`,
			landed: `grep -q Welcome $page`,
		},
		{
			name:   "bind-over-run-systemd",
			script: fakes + `cp -a /run/systemd $cheat/run 2>/dev/null || true; mount --bind $cheat/run /run/systemd`,
			landed: `mountpoint -q /run/systemd`,
		},
		{
			// The server is the real one and the unit too; after a boot they are down.
			name:   "bind-over-etc-nginx",
			script: `good_conf; cp -r $cheat/etc/nginx $cheat/over; sed -i 's,/opt/cheat,,' $cheat/over/nginx.conf; mount --bind $cheat/over /etc/nginx; systemctl reset-failed nginx; systemctl start nginx; answers`,
			landed: `systemctl is-active nginx; mountpoint -q /etc/nginx`,
		},
		{
			name:   "bind-over-the-broken-file",
			script: `good_conf; mount --bind $cheat/etc/nginx/sites-available/default /etc/nginx/sites-available/default; systemctl reset-failed nginx; systemctl start nginx; answers`,
			landed: `systemctl is-active nginx`,
		},
		{
			name:   "bind-over-nginx",
			script: `printf '#!/bin/sh\ncase "$*" in *-t*|*quit*) exit 0 ;; esac\nexec python3 /opt/cheat/fake.py --daemon\n' >$cheat/nginx; chmod 755 $cheat/nginx; mount --bind $cheat/nginx /usr/sbin/nginx; systemctl reset-failed nginx; systemctl start nginx; answers`,
			landed: `systemctl is-active nginx`,
		},
		{
			name:   "tmpfs-over-root",
			script: fakes + `mount -t tmpfs tmpfs /`,
			landed: `grep -q ' / / .* tmpfs ' /proc/1/mountinfo`,
		},
		{
			name:   "overlay-over-var",
			script: fakes + `mkdir -p $cheat/up $cheat/work; mount -t tmpfs tmpfs $cheat/up; mkdir -p $cheat/up/u $cheat/up/w; mount -t overlay overlay -o lowerdir=/var,upperdir=$cheat/up/u,workdir=$cheat/up/w /var || mount --rbind /var /var`,
			landed: `mountpoint -q /var`,
		},
		{
			name:   "read-only-etc",
			script: fakes + `mount --bind /etc /etc; mount -o remount,bind,ro /etc`,
			landed: `! touch /etc/x 2>/dev/null`,
		},
		{
			name:   "unmount-what-the-probe-needs",
			script: fakes + `umount -l /sys || true; umount -l /run; umount -l /proc`,
			landed: `test ! -e /proc/1 && test ! -e /run/systemd/system`,
		},
		{
			// The unit's process says /usr/sbin/nginx, in a mount namespace of its own.
			name: "program-in-a-mount-namespace",
			script: `unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
Type=simple
PIDFile=
ExecStartPre=
ExecStart=
ExecStart=/usr/bin/unshare -m /bin/sh -c 'mount --bind "$(readlink -f /usr/bin/python3)" /usr/sbin/nginx && exec /usr/sbin/nginx /opt/cheat/fake.py'
EOF
systemctl reset-failed nginx; systemctl start nginx; answers`,
			landed: `test "$(readlink /proc/$(systemctl show -P MainPID nginx)/exe)" = /usr/sbin/nginx`,
		},
	}
}
