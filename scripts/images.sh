#!/bin/sh
# Makes the root file systems and bootable disks that templates stand on, once,
# from the distribution's packages, where every user of this machine finds
# them: /var/lib/benchtest/images. Linux, as root. Arguments: templates
# (default: debian-base, on which the others stand); before them --rootfs or
# --disk for one kind only, --dir=DIR for another place.
set -eu

if [ "$(id -u)" != 0 ]; then
	echo "images: a disk is made by root: sudo $0 $*" >&2
	exit 1
fi
missing=
for need in mmdebstrap:mmdebstrap mkfs.ext4:e2fsprogs qemu-img:qemu-utils extlinux:extlinux tar:tar unshare:util-linux; do
	command -v "${need%%:*}" >/dev/null 2>&1 || missing="$missing ${need#*:}"
done
if [ -n "$missing" ]; then
	echo "images: installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update
	# shellcheck disable=SC2086 # words on purpose
	apt-get -qq install -y --no-install-recommends $missing >/dev/null
fi
cd "$(dirname "$0")/.."
names=
for argument; do
	case $argument in -*) ;; *) names=1 ;; esac
done
[ -n "$names" ] || set -- "$@" debian-base
umask 022
exec go tool benchtest template image "$@"
