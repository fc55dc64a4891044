#!/bin/sh
# fill.sh RAW TAR MOUNTPOINT: unpacks a root file system on a disk's partition
# and makes it boot. Run as root in a mount namespace of its own, with which
# the mount goes, and with the mount its loop device.
set -eu
mount -t ext4 -o "loop,offset=1048576" "$1" "$3"
tar --numeric-owner --xattrs --xattrs-include='*' --directory "$3" -xf "$2"
# A link would lead out to this machine's files.
if [ -L "$3/boot" ] || [ -L "$3/boot/extlinux" ]; then
	echo "/boot of the root file system is a link" >&2
	exit 1
fi
extlinux --install "$3/boot/extlinux"
umount "$3"
