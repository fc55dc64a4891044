#!/bin/sh
# Makes of a virtual machine a template: incus-agent tells its copies who they
# are before their SSH server starts, and nobody else does. Run as root in the
# guest, last of all.
set -eu
: >/etc/benchtest-wires
cat >/etc/systemd/system/benchtest-wires.service <<'END'
[Unit]
Description=Addresses that Incus has for this machine
Wants=incus-agent.service
After=incus-agent.service
Before=ssh.service sshd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/lib/benchtest-wires.sh

[Install]
WantedBy=multi-user.target
END
for unit in ssh sshd; do
	mkdir -p "/etc/systemd/system/$unit.service.d"
	printf '[Unit]\nAfter=incus-agent.service\n' >"/etc/systemd/system/$unit.service.d/10-benchtest.conf"
done
systemctl daemon-reload
systemctl enable --quiet benchtest-wires.service
# To cloud-init each copy would be a new machine, which gets new host keys.
if [ -d /etc/cloud ]; then
	: >/etc/cloud/cloud-init.disabled
fi
sync
