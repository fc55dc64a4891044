#!/bin/sh
# fill.sh RAW TAR MOUNTPOINT: unpacks a root file system on a disk's partition
# and makes it boot. Run as root in a mount namespace of its own, with which
# the mount goes, and with the mount its loop device.
set -eu
mount -t ext4 -o "loop,offset=1048576" "$1" "$3"
tar --numeric-owner --xattrs --xattrs-include='*' --directory "$3" -xf "$2"
extlinux --install "$3/boot/extlinux"
umount "$3"
