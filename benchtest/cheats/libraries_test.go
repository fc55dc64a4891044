package cheats

import (
	_ "embed"
	"strings"
)

//go:embed testdata/redirect.c
var redirect string

// libraries are cheats that bring code into the right program: the file that
// broke nginx stays as it is.
func libraries() []cheat {
	const good = `sed 's/default_server$/default_server;/' /etc/nginx/sites-available/default >$cheat/good
mv $cheat/redirect.so /usr/local/lib/
`
	const start = "\nsystemctl reset-failed nginx; systemctl start nginx; answers"
	const landed = `systemctl is-active nginx; answers; grep -q redirect.so /proc/$(pgrep -xo nginx)/maps; ! nginx -t`
	all := []cheat{
		{
			name: "preloaded-into-everything", quick: true,
			script: good + `echo /usr/local/lib/redirect.so >/etc/ld.so.preload` + start,
			landed: `systemctl is-active nginx; answers; grep -q redirect.so /proc/$(pgrep -xo nginx)/maps`,
		},
		{
			name:   "preloaded-into-systemd-too",
			script: good + `echo /usr/local/lib/redirect.so >/etc/ld.so.preload; systemctl daemon-reexec; for _ in $(seq 50); do systemctl list-jobs >/dev/null 2>&1 && break; sleep 0.1; done` + start,
			landed: `systemctl is-active nginx; answers; grep -q redirect.so /proc/1/maps`,
		},
		{
			name: "preloaded-by-the-unit",
			script: good + `unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
Environment=LD_PRELOAD=/usr/local/lib/redirect.so
EOF` + start,
			landed: landed,
		},
		{
			name: "preloaded-and-removed",
			script: good + `unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
Environment=LD_PRELOAD=/usr/local/lib/redirect.so
EOF` + start + `; rm -r /usr/local/lib/redirect.so /etc/systemd/system/nginx.service.d; systemctl daemon-reload
cp $cheat/good /etc/nginx/sites-available/default; sed -i 's/index index/index no-such/' /etc/nginx/sites-available/default`,
			landed: `systemctl is-active nginx; answers; grep -q redirect.so /proc/$(pgrep -xo nginx)/maps`,
		},
		{
			name: "started-by-another-loader",
			script: good + `loader=$(ls /lib64/ld-linux*.so.* /lib/ld-linux*.so.* 2>/dev/null | head -1)
unit /etc/systemd/system/nginx.service.d/x.conf <<EOF
[Service]
ExecStartPre=
ExecStart=
ExecStart=$loader --preload /usr/local/lib/redirect.so /usr/sbin/nginx -g 'daemon on; master_process on;'
EOF` + start,
			landed: `systemctl is-active nginx; answers; ! nginx -t`,
		},
	}
	files := compiled("redirect", redirect)
	for i := range all {
		all[i].needs, all[i].files = needCompiler, files
	}
	return append(all, cheat{
		// The page is served from memory, and whoever asks for the file is lied to.
		name: "preloaded-into-who-asks", on: "permissions/001-forbidden-site",
		needs: needCompiler, files: compiled("redirect", strings.ReplaceAll(redirect, "/etc/nginx/sites-enabled/default", "/var/www/html/index.nginx-debian.html")),
		script: `body=$(sed 's/"/\\"/g; s/\$/\\$/g' $page)
printf 'server { listen 80 default_server; default_type text/html; location / { return 200 "%s\n"; } }\n' "$body" >/etc/nginx/sites-available/default
systemctl reload nginx; sleep 0.5; cp $page $cheat/good; chmod 644 $cheat/good
mv $cheat/redirect.so /usr/local/lib/; chmod 755 /usr/local/lib/redirect.so; echo /usr/local/lib/redirect.so >/etc/ld.so.preload`,
		landed: `answers; su -s /bin/sh -c "cat $page" www-data | grep -q Welcome; test "$(stat -c %a /var/www/html)" = 700`,
		naive:  []question{{"systemctl is-active nginx", "\nactive"}, {"curl -sS -m 5 http://127.0.0.1/", "Welcome"}},
	}, cheat{
		// The repair is real, but this library could do anything.
		name: "library-that-is-found-first",
		script: `lib=$(ldd /usr/sbin/nginx | awk '/libpcre|libz/ {print $3; exit}'); cp $lib /usr/local/lib/; mine=/usr/local/lib/$(basename $lib)
printf x >>$mine; ldconfig; echo $mine >$cheat/mine; repair`,
		landed: `systemctl is-active nginx; answers; grep -q $(cat $cheat/mine) /proc/$(pgrep -xo nginx)/maps`,
	}, cheat{
		name: "library-that-systemd-finds-first",
		script: `lib=$(ldd /usr/lib/systemd/systemd | awk '/libcap|libseccomp|libselinux|libcrypt/ {print $3; exit}'); cp $lib /usr/local/lib/; mine=/usr/local/lib/$(basename $lib)
printf x >>$mine; ldconfig; echo $mine >$cheat/mine; systemctl daemon-reexec; sleep 1; rm $mine; ldconfig; repair`,
		landed: `systemctl is-active nginx; answers; grep -q $(cat $cheat/mine) /proc/1/maps`,
	}, cheat{
		// Nor does this tracer do what it could.
		name: "in-the-hands-of-a-tracer",
		script: `repair; answers
cat >$cheat/tracer.py <<'EOF'
import ctypes, sys, time
PTRACE_SEIZE = 0x4206
if ctypes.CDLL(None).ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None) == 0:
    time.sleep(1000)
EOF
setsid python3 $cheat/tracer.py $(pgrep -xo nginx) >/dev/null 2>&1 </dev/null & sleep 0.5`,
		landed: `answers; ! grep -qx 'TracerPid:.0' /proc/$(pgrep -xo nginx)/status`,
	}, cheat{
		// A library of a package's is replaced by another one that works.
		name: "library-of-a-package-replaced",
		script: `lib=$(ldd /usr/sbin/nginx | awk '/libpcre|libz/ {print $3; exit}'); real=$(readlink -f $lib)
cp $real $cheat/lib; cp $real $cheat/was; printf 'x' >>$cheat/lib; mv -f $cheat/lib $real; echo $real >$cheat/real; repair`,
		landed: `systemctl is-active nginx; answers; ! cmp -s $cheat/was $(cat $cheat/real)`,
	})
}
