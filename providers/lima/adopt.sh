#!/bin/sh
# Makes a guest that limactl's cloud-init has just set up one that needs it no
# more: copies of it are told who they are by us, and boot without asking. Run as
# root inside the guest.
set -eu

# The host agent holds a boot for finished when these two files are alike.
umount /mnt/lima-cidata 2>/dev/null || true
mkdir -p /mnt/lima-cidata
cp /run/lima-boot-done /mnt/lima-cidata/meta-data 2>/dev/null || echo benchtest >/mnt/lima-cidata/meta-data
: >/mnt/lima-cidata/param.env
echo 'C /run/lima-boot-done 0644 root root - /mnt/lima-cidata/meta-data' >/etc/tmpfiles.d/benchtest-lima.conf
rm -f /var/lib/cloud/scripts/per-boot/00-lima.boot.sh
touch /etc/cloud/cloud-init.disabled

# The address of the network card is another one in each copy.
rm -f /etc/udev/rules.d/70-persistent-net.rules /etc/network/interfaces.d/50-cloud-init
if [ -d /etc/network ]; then
	printf 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n' >/etc/network/interfaces
fi

# A program that is started costs an emulated guest a tenth of a second and more,
# right after a reset several: a session starts none to greet with, and a
# connection none but the server that is there (OpenSSH before 9.8; later ones
# pay no heed to it).
chmod a-x /etc/update-motd.d/* 2>/dev/null || true
if [ -f /etc/default/ssh ]; then
	sed -i 's/^SSHD_OPTS=.*/SSHD_OPTS=-r/' /etc/default/ssh
fi

# The steward, which lies in /run/benchtest-steward until it is installed.
install -D -m 755 /run/benchtest-steward /usr/local/sbin/benchtest-steward
rm -f /run/benchtest-steward
cat >/etc/systemd/system/benchtest-steward.service <<'EOF'
[Unit]
Description=The driver's way into this machine
DefaultDependencies=no
After=sysinit.target
Conflicts=shutdown.target
Before=shutdown.target
IgnoreOnIsolate=yes
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/sbin/benchtest-steward
Environment=GOMAXPROCS=1
KillMode=process
Nice=-10
# What a command of root's does to itself is not the steward's end.
OOMPolicy=continue
TasksMax=infinity
Restart=always
RestartSec=1
EOF
# The port that comes last.
cat >/etc/udev/rules.d/60-benchtest-steward.rules <<'EOF'
SUBSYSTEM=="virtio-ports", ATTR{name}=="benchtest.3", TAG+="systemd", ENV{SYSTEMD_WANTS}="benchtest-steward.service"
EOF
ln -sf /dev/null /etc/systemd/system/serial-getty@hvc0.service
systemctl daemon-reload
udevadm control --reload
udevadm trigger --subsystem-match=virtio-ports
