#!/bin/sh
# incus.sh start|stop|status|install: an Incus for benchtest on this machine, as root.
# start uses the system's daemon when one runs; otherwise it installs Incus
# (Debian 12: from bookworm-backports) and starts a private daemon with its own
# directory, a btrfs pool of 100 GiB on a sparse file and a bridge. It prints the
# environment that reaches it. stop ends only what start started; with
# INCUS_WIPE=1 it removes the directory too, templates included.
set -eu

dir=${BENCHTEST_INCUS_DIR:-/var/lib/benchtest-incus}
system=/var/lib/incus/unix.socket
daemon=/usr/libexec/incus/incusd
[ -x "$daemon" ] || daemon=$(command -v incusd || echo /usr/libexec/incus/incusd)

die() {
	echo "incus.sh: $*" >&2
	exit 1
}

# answers SOCKET: does a daemon listen there?
answers() {
	[ -S "$1" ] && INCUS_SOCKET=$1 incus query /1.0 >/dev/null 2>&1
}

# ours PID: is it the daemon that start started here? A PID alone says nothing.
ours() {
	[ -n "$1" ] && { tr '\0' '\n' <"/proc/$1/environ"; } 2>/dev/null | grep -qx "INCUS_DIR=$dir"
}

pid() {
	p=$(cat "$dir/benchtest.pid" 2>/dev/null || true)
	if ours "$p"; then echo "$p"; fi
}

install_incus() {
	command -v incus >/dev/null 2>&1 && [ -x "$daemon" ] && command -v mkfs.btrfs >/dev/null 2>&1 && return
	command -v apt-get >/dev/null 2>&1 || die "install Incus 6 or later by hand: https://linuxcontainers.org/incus/docs/main/installing/"
	# shellcheck disable=SC1091 # every system has its own
	. /etc/os-release
	backports=
	if [ "${VERSION_CODENAME:-}" = bookworm ]; then
		echo 'deb http://deb.debian.org/debian bookworm-backports main' >/etc/apt/sources.list.d/benchtest-backports.list
		backports='-t bookworm-backports'
	fi
	echo "incus.sh: installing Incus" >&2
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # two words on purpose
	if ! { apt-get update && apt-get install -y --no-install-recommends $backports incus incus-client &&
		apt-get install -y --no-install-recommends btrfs-progs dnsmasq-base nftables; } >"$log" 2>&1; then
		cat "$log" >&2
		exit 1
	fi
	rm -f "$log"
}

# Containers get their users from root's range.
subordinate_ids() {
	for f in /etc/subuid /etc/subgid; do
		grep -q '^root:' "$f" 2>/dev/null || echo 'root:1000000:1000000000' >>"$f"
	done
}

await() { # await SOCKET SECONDS
	i=0
	until answers "$1"; do
		i=$((i + 1))
		[ "$i" -le $(($2 * 5)) ] || die "incusd does not answer: see $dir/incusd.log"
		sleep 0.2
	done
}

preseed() {
	# The profile comes last, so one that has its disk says that all is there.
	! incus profile device list default | grep -qx root || return 0
	incus admin init --preseed <<-END
		storage_pools:
		- name: default
		  driver: btrfs
		  config: {size: ${BENCHTEST_INCUS_POOL:-100GiB}}
		networks:
		- name: benchtestbr0
		  type: bridge
		  config: {ipv4.address: "${BENCHTEST_INCUS_SUBNET:-10.119.27.1/24}", ipv4.nat: "true", ipv6.address: none}
		profiles:
		- name: default
		  devices:
		    root: {type: disk, path: /, pool: default}
		    eth0: {type: nic, network: benchtestbr0, name: eth0}
	END
}

start() {
	if answers "$system"; then
		echo "INCUS_SOCKET=$system"
		return
	fi
	[ "$(id -u)" = 0 ] || die "no Incus runs here; run as root: sudo $0 start"
	install_incus
	subordinate_ids
	mkdir -p "$dir"
	export INCUS_DIR="$dir"
	unset INCUS_SOCKET
	if ! answers "$dir/unix.socket"; then
		setsid "$daemon" --group "$(getent group incus-admin >/dev/null && echo incus-admin || echo root)" \
			--logfile "$dir/incusd.log" </dev/null >/dev/null 2>"$dir/incusd.err" &
		echo $! >"$dir/benchtest.pid"
		await "$dir/unix.socket" 60
	fi
	preseed
	echo "INCUS_DIR=$dir"
}

stop() {
	p=$(pid)
	if [ -n "$p" ]; then
		INCUS_DIR=$dir timeout 60 incus admin shutdown --timeout 30 >/dev/null 2>&1 || kill -KILL "$p" 2>/dev/null || true
		i=0
		while ours "$p" && [ "$i" -lt 150 ]; do
			i=$((i + 1))
			sleep 0.2
		done
	fi
	rm -f "$dir/benchtest.pid"
	[ "${INCUS_WIPE:-}" = 1 ] || return 0
	grep " $dir/" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r m; do umount -l "$m"; done
	ip link delete benchtestbr0 2>/dev/null || true
	rm -rf "$dir"
}

case ${1:-} in
start) start ;;
install)
	install_incus
	subordinate_ids
	;;
stop) stop ;;
status)
	for socket in "$system" "$dir/unix.socket"; do
		if answers "$socket"; then
			echo "running: INCUS_SOCKET=$socket"
			exit 0
		fi
	done
	echo "no Incus runs here: sudo $0 start"
	exit 1
	;;
*) die "usage: incus.sh start|stop|status|install" ;;
esac
