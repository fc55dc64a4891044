#!/bin/sh
# Makes a machine with a disk of its own of a root file system: what boots, and
# who has the network. Run as root inside it, after setup.sh.
set -eu

printf 'LABEL=benchtest / ext4 rw,discard,errors=remount-ro 0 1\n' >/etc/fstab

# Whoever starts the machine tells cloud-init by a volume called cidata; with
# none it boots all the same.
mkdir -p /etc/cloud/cloud.cfg.d
cat >/etc/cloud/cloud.cfg.d/90-benchtest.cfg <<'EOF'
datasource_list: [NoCloud, None]
apt_preserve_sources_list: true
EOF
if [ -d /etc/network ]; then
	printf 'auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n' >/etc/network/interfaces
fi

kernel=$(find /boot -name 'vmlinuz-*' | sort -V | tail -n 1)
if [ -z "$kernel" ]; then
	echo "the root file system has no kernel in /boot: install one, say linux-image-cloud-amd64" >&2
	exit 1
fi
if [ ! -e "/boot/initrd.img-${kernel#/boot/vmlinuz-}" ]; then
	echo "the root file system has no initrd for $kernel: install initramfs-tools, then update-initramfs -c -k all" >&2
	exit 1
fi
# An emulated processor's counter does not go back with a snapshot, of which the
# kernel's watchdog would complain on the console at every reset.
mkdir -p /boot/extlinux
cat >/boot/extlinux/extlinux.conf <<EOF
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
  LINUX $kernel
  INITRD /boot/initrd.img-${kernel#/boot/vmlinuz-}
  APPEND root=LABEL=benchtest rw console=tty0 console=ttyS0 net.ifnames=0 tsc=nowatchdog
EOF
