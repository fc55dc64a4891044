#!/bin/sh
# What every template has whatever its packages are: run as root inside the
# template's root file system, with the host's network and no service manager.
# Arguments: packages to install. Run again on a layer it changes nothing but that.
set -eu
export DEBIAN_FRONTEND=noninteractive

if [ "$#" -gt 0 ]; then
	# A package must not start its service: that would be in the host's network.
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	apt-get -q -o APT::Update::Error-Mode=any update
	apt-get -qy --no-install-recommends -o Dpkg::Use-Pty=0 install "$@"
	rm /usr/sbin/policy-rc.d
fi

for program in /sbin/init /usr/sbin/sshd /usr/bin/sudo; do
	if [ ! -e "$program" ]; then
		echo "the template has no $program: add systemd-sysv, openssh-server and sudo to its packages" >&2
		exit 1
	fi
done

# SSH by key for root and agent, with the host key that each clone is given.
cat >/etc/ssh/sshd_config.d/10-benchtest.conf <<'END'
PermitRootLogin prohibit-password
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
UseDNS no
HostKey /etc/ssh/ssh_host_ed25519_key
MaxSessions 100
MaxStartups 100
END
if grep -q '^Subsystem[[:space:]]*sftp' /etc/ssh/sshd_config; then
	sed -i 's|^Subsystem[[:space:]]*sftp.*|Subsystem sftp internal-sftp|' /etc/ssh/sshd_config
fi
if ! id agent >/dev/null 2>&1; then
	useradd --create-home --shell /bin/bash agent
fi
printf 'agent ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/90-benchtest-agent
chmod 440 /etc/sudoers.d/90-benchtest-agent

# Timers that would only make noise.
mkdir -p /etc/systemd/system /etc/systemd/journald.conf.d
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
	fstrim.timer man-db.timer motd-news.timer; do
	ln -sf /dev/null "/etc/systemd/system/$unit"
done
# The journal outlives a reboot of the guest, as it does on a real server.
printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n' >/etc/systemd/journald.conf.d/10-benchtest.conf
