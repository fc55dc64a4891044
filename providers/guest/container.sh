#!/bin/sh
# Masks the units that cannot work in a container. Run as root inside the
# template's root file system, after setup.sh.
set -eu
for unit in getty.target getty@.service console-getty.service serial-getty@.service container-getty@.service \
	getty-static.service systemd-udevd.service systemd-udev-trigger.service systemd-udev-settle.service \
	systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-modules-load.service \
	systemd-remount-fs.service systemd-firstboot.service systemd-machine-id-commit.service \
	systemd-network-generator.service systemd-pcrphase.service systemd-pcrphase-sysinit.service \
	systemd-hwdb-update.service systemd-ask-password-console.path systemd-ask-password-wall.path \
	sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount \
	proc-sys-fs-binfmt_misc.automount systemd-binfmt.service kmod-static-nodes.service; do
	ln -sf /dev/null "/etc/systemd/system/$unit"
done
