#!/bin/sh
# Installs what benchtest needs and this machine lacks. Debian or Ubuntu, as
# root or with sudo. Does nothing, quickly, when nothing is missing.
set -eu

missing=
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null 2>&1 || PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need runc runc
need mmdebstrap mmdebstrap
need ansible-playbook ansible-core
need ssh openssh-client
need mkfs.ext4 e2fsprogs
need losetup mount
need ip iproute2
need nsenter util-linux
[ "${SETUP_LINT:-}" = "" ] || need shellcheck shellcheck
if [ -n "${SETUP_TEST:-}" ]; then # disks for virtual machines, the schema of JUnit
	need qemu-img qemu-utils
	need extlinux extlinux
	# its programs are in no PATH
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
	need xmllint libxml2-utils
	need chromium chromium # for pages
fi

if ! command -v go >/dev/null 2>&1; then
	echo "setup: Go 1.26 or later is missing: https://go.dev/doc/install" >&2
	exit 1
fi
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	sudo='sudo -n'
	$sudo true 2>/dev/null || { echo "setup: run as root, or once by hand: sudo apt-get install$missing" >&2; exit 1; }
fi
echo "setup: installing$missing" >&2
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # both hold words on purpose
if ! { $sudo apt-get update && $sudo apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
rm -f "$log"
