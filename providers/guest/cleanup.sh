#!/bin/sh
# Takes out of a template what each clone must have of its own, and what only
# the build needed. Run as root inside the template's root file system.
set -eu
rm -rf /var/lib/benchtest-build
: >/etc/machine-id
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /root/.ssh/authorized_keys /home/agent/.ssh/authorized_keys
rm -f /etc/hostname /etc/apt/apt.conf.d/99mmdebstrap /var/lib/systemd/random-seed /root/.bash_history
apt-get clean
find /var/lib/apt/lists /tmp /var/tmp -mindepth 1 -delete
rm -rf /var/log/journal/*
find /var/log -type f \( -name '*.gz' -o -name '*.old' -o -name '*.[0-9]' \) -delete
find /var/log -type f -exec truncate -s 0 {} +
