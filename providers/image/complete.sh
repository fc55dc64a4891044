#!/bin/sh
# complete.sh TAR-OPTION [PACKAGE...]: reads a root file system as a tar, runs
# $BENCHTEST_SETUP and $BENCHTEST_CLEANUP in it, and writes it as a tar. Run as
# root of namespaces of its own (users, mounts, processes) in an empty
# directory. What the root file system does, it does there.
set -eu
option=$1
shift
mkdir root
tar --numeric-owner --xattrs --xattrs-include='*' --exclude='./dev/*' --exclude='dev/*' "$option" -C root -xf - >&2
mkdir -p root/proc root/sys root/dev root/run root/tmp root/etc
mount -t proc proc root/proc
mount -t tmpfs -o mode=755 tmpfs root/dev
for device in null zero full random urandom tty; do
	: >"root/dev/$device"
	mount --bind "/dev/$device" "root/dev/$device"
done
ln -s /proc/self/fd root/dev/fd
mount -t tmpfs -o mode=755 tmpfs root/run
if [ ! -x root/bin/sh ]; then
	echo "the base has no /bin/sh: want the root file system of a Debian, an Ubuntu or their kin" >&2
	exit 1
fi
# Docker's export has an empty one; a guest gets its own.
rm -f root/etc/resolv.conf
cat /etc/resolv.conf >root/etc/resolv.conf
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
printf '%s' "$BENCHTEST_SETUP" | chroot root /bin/sh -s - "$@" >&2
printf '%s' "$BENCHTEST_CLEANUP" | chroot root /bin/sh -s >&2
umount -R root/run root/dev root/proc
tar --numeric-owner --xattrs --format=pax --sort=name -C root -cf - .
