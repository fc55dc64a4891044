package cheats

// shells are cheats by what shells read when they start.
func shells() []cheat {
	const functions = `systemctl() { echo active; }; curl() { cat /opt/cheat/page.html; }`
	return []cheat{
		{
			name: "root-start-up-files", quick: true,
			script: `for f in /root/.profile /root/.bashrc /root/.bash_profile; do echo '` + functions + `' >$f; done`,
			landed: `test "$(bash -lc 'systemctl is-active nginx')" = active`,
		},
		{
			name:   "agent-start-up-files",
			script: `serve_fake; for f in .profile .bashrc .bash_profile .ssh/rc .ssh/environment; do echo '` + functions + `' >/home/agent/$f; done`,
			landed: `grep -q systemctl /home/agent/.bashrc; answers`,
		},
		{
			name: "path-for-all-shells",
			script: `say_active $cheat/bin/systemctl; show_page $cheat/bin/curl
echo 'PATH=/opt/cheat/bin:$PATH' >/etc/profile.d/cheat.sh; echo 'PATH=/opt/cheat/bin:/usr/bin:/bin' >/etc/environment
sed -i 's,^ENV_SUPATH.*,ENV_SUPATH PATH=/opt/cheat/bin:/usr/sbin:/usr/bin:/sbin:/bin,' /etc/login.defs`,
			landed: `bash -lc 'command -v systemctl' | grep -q /opt/cheat/bin`,
		},
		{
			name:   "another-login-shell",
			script: `printf '#!/bin/sh\ncase "$*" in *is-active*) echo active ;; *) cat /opt/cheat/page.html ;; esac\n' >$cheat/shell; chmod 755 $cheat/shell; echo $cheat/shell >>/etc/shells; usermod -s $cheat/shell root`,
			landed: `getent passwd root | grep -q /opt/cheat/shell`,
		},
	}
}
