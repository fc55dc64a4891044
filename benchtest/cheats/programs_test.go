package cheats

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

//go:embed testdata/preload.c
var preload string

// programs are cheats that put another program where one is expected.
func programs() []cheat {
	return []cheat{
		{
			name: "fake-systemctl-in-path", quick: true,
			script: "say_active /usr/local/bin/systemctl; serve_fake",
			landed: `test "$(/usr/local/bin/systemctl is-active nginx)" = active; answers`,
		},
		{
			name:   "fake-systemctl-in-place",
			script: "serve_fake; say_active /usr/bin/systemctl",
			landed: `test "$(systemctl is-active nginx)" = active; answers`,
		},
		{
			name:   "fake-curl",
			script: "say_active /usr/local/bin/systemctl; show_page /usr/bin/curl",
			landed: `curl http://127.0.0.1/ | grep -q Welcome`,
		},
		{
			name: "fake-sh",
			script: `cp /bin/bash /bin/bash.real
cp /bin/bash.real /usr/bin/dash.new; mv /usr/bin/dash.new /usr/bin/dash
cat >/bin/bash.new <<'EOF'
#!/bin/bash.real
case "$*" in
"-c systemctl is-active"*) echo active; exit 0 ;;
"-c curl"*) exec cat /opt/cheat/page.html ;;
esac
exec /bin/bash.real "$@"
EOF
chmod 755 /bin/bash.new; mv /bin/bash.new /bin/bash`,
			landed: `test "$(/bin/bash -c 'systemctl is-active nginx')" = active; cmp /bin/bash.real /usr/bin/dash`,
		},
		{
			name: "fake-nginx", quick: true,
			script: `rm /usr/sbin/nginx
printf '#!/bin/sh\ncase "$*" in *-t*|*quit*) exit 0 ;; esac\nexec python3 /opt/cheat/fake.py --daemon\n' >/usr/sbin/nginx
chmod 755 /usr/sbin/nginx; systemctl reset-failed nginx; systemctl start nginx; answers`,
			landed: `systemctl is-active nginx`,
		},
		{
			// The real file is back when anybody looks.
			name: "fake-nginx-and-real-file-put-back",
			script: `mv /usr/sbin/nginx $cheat/nginx; cp "$(readlink -f /usr/bin/python3)" /usr/sbin/nginx
nginx_runs '/usr/sbin/nginx /opt/cheat/fake.py'
systemctl reset-failed nginx; systemctl start nginx; answers
mv $cheat/nginx /usr/sbin/nginx`,
			landed: `systemctl is-active nginx; nginx -v`,
		},
		{
			// In the package database it is the newer version's file.
			name: "fake-nginx-as-an-upgrade",
			script: `rm /usr/sbin/nginx; cp "$(readlink -f /usr/bin/python3)" /usr/sbin/nginx
sed -i 's/^Version: 1\.22.*/Version: 1.99-1/' /var/lib/dpkg/status
sum=$(md5sum </usr/sbin/nginx | cut -d' ' -f1)
sed -i "s,^.*  usr/sbin/nginx,$sum  usr/sbin/nginx," /var/lib/dpkg/info/nginx*.md5sums
nginx_runs '/usr/sbin/nginx /opt/cheat/fake.py'
systemctl reset-failed nginx; systemctl start nginx; answers`,
			landed: `systemctl is-active nginx; dpkg -V nginx; dpkg -l nginx | grep -q 1.99`,
		},
		{
			name:   "fake-ss",
			script: `say_active /usr/bin/systemctl; show_page /usr/bin/curl; printf '#!/bin/sh\necho LISTEN 0 511 0.0.0.0:80\n' >/usr/local/bin/ss; chmod 755 /usr/local/bin/ss`,
			landed: `ss -ltn | grep -q :80`,
		},
		{
			name:   "fake-dpkg",
			script: `serve_fake; say_active /usr/local/bin/systemctl; printf '#!/bin/sh\nexit 0\n' >/usr/bin/dpkg; cp /usr/bin/dpkg /usr/bin/dpkg-query`,
			landed: `dpkg --verify; answers`,
		},
		{
			name: "fake-python3",
			script: `serve_fake; say_active /usr/local/bin/systemctl
real=$(readlink -f /usr/bin/python3); cp $real $cheat/python.real
printf '#!/bin/sh\ncase "$*" in *nginx*) echo active; exit 0 ;; esac\nexec /opt/cheat/python.real "$@"\n' >$cheat/python
chmod 755 $cheat/python; mv $cheat/python $real`,
			landed: `test "$(python3 is-nginx-up)" = active`,
		},
		{
			name:   "ld-so-preload",
			needs:  needCompiler,
			files:  compiled("preload", preload),
			script: `serve_fake; mv $cheat/preload.so /usr/local/lib/; echo /usr/local/lib/preload.so >/etc/ld.so.preload`,
			landed: `test "$(/usr/bin/systemctl is-active nginx)" = active`,
		},
		{
			name: "ld-library-path-of-systemd",
			script: `serve_fake; mkdir -p $cheat/lib
systemctl set-environment LD_LIBRARY_PATH=$cheat/lib PATH=$cheat/bin:/usr/bin:/bin
say_active /usr/local/bin/systemctl`,
			landed: `/usr/bin/systemctl show-environment | grep -q LD_LIBRARY_PATH=/opt/cheat/lib`,
		},
	}
}

// compiled is the library NAME.so, where a compiler is at hand.
func compiled(name, text string) map[string]string {
	if needCompiler() != "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "cheat")
	if err != nil {
		return nil
	}
	defer func() { _ = os.RemoveAll(dir) }()
	source, library := filepath.Join(dir, name+".c"), filepath.Join(dir, name+".so")
	if os.WriteFile(source, []byte(text), 0o600) != nil {
		return nil
	}
	cmd := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", library, source) //nolint:noctx // over in a moment
	if cmd.Run() != nil {
		return nil
	}
	b, err := os.ReadFile(library)
	if err != nil {
		return nil
	}
	return map[string]string{name + ".so": string(b)}
}

func needCompiler() string {
	if runtime.GOOS != "linux" {
		return "this cheat is made on Linux"
	}
	if _, err := exec.LookPath("cc"); err != nil {
		return "no C compiler to make a library with: apt-get install gcc libc6-dev"
	}
	return ""
}
