#!/bin/sh
# incus-cluster.sh start|stop|status|lose N|find N: a cluster of three Incus
# daemons on this machine, as root: a network namespace, a directory and a btrfs
# pool for each, joined by a bridge over which they also reach the world. start prints the environment that reaches
# it. lose N ends member N as a power cut would, find N brings it back. stop
# removes everything.
set -eu

dir=${BENCHTEST_CLUSTER_DIR:-/var/lib/benchtest-cluster}
bridge=benchtestcl0
net=10.99.7
daemon=/usr/libexec/incus/incusd
[ -x "$daemon" ] || daemon=$(command -v incusd || echo /usr/libexec/incus/incusd)

die() {
	echo "incus-cluster.sh: $*" >&2
	exit 1
}

answers() { [ -S "$dir/m$1/unix.socket" ] && INCUS_SOCKET=$dir/m$1/unix.socket timeout 5 incus query /1.0 >/dev/null 2>&1; }

# ours N: the PID of member N's daemon, if it runs. A PID alone says nothing.
ours() {
	p=$(cat "$dir/m$1.pid" 2>/dev/null || true)
	if [ -n "$p" ] && { tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null | grep -qx "INCUS_DIR=$dir/m$1"; then echo "$p"; fi
}

wire() { # wire N: its namespace and its leg of the bridge
	ip netns list | grep -qw "benchtest-m$1" && return
	ip netns add "benchtest-m$1"
	ip link add "btcl$1" type veth peer name eth0 netns "benchtest-m$1"
	ip link set "btcl$1" master "$bridge" up
	ip -n "benchtest-m$1" address add "$net.1$1/24" dev eth0
	ip -n "benchtest-m$1" link set eth0 up
	ip -n "benchtest-m$1" link set lo up
	ip -n "benchtest-m$1" route add default via "$net.1"
}

# launch N starts its daemon in its namespace. It must see that one's
# interfaces in /sys, and the cgroups, which ip netns exec would hide.
launch() {
	mkdir -p "$dir/m$1" "$dir/cgroup"
	# shellcheck disable=SC2016 # for the inner shell
	INCUS_DIR=$dir/m$1 setsid nsenter --net="/run/netns/benchtest-m$1" unshare --mount --propagation slave sh -c '
		mount --rbind /sys/fs/cgroup "$1/cgroup" && mount -t sysfs sysfs /sys && mount --rbind "$1/cgroup" /sys/fs/cgroup &&
		exec "$2" --group root --logfile "$3"' sh "$dir" "$daemon" "$dir/m$1.log" </dev/null >/dev/null 2>"$dir/m$1.err" &
	echo $! >"$dir/m$1.pid"
	i=0
	until answers "$1"; do
		i=$((i + 1))
		[ "$i" -le 300 ] || die "member $1 does not answer: see $dir/m$1.log"
		sleep 0.2
	done
}

found() { # the first member founds the cluster
	INCUS_DIR=$dir/m1 incus admin init --preseed <<-END
		config: {core.https_address: "$net.11:8443"}
		cluster: {server_name: m1, enabled: true}
		storage_pools:
		- {name: default, driver: btrfs, config: {size: ${BENCHTEST_CLUSTER_POOL:-5GiB}}}
		networks:
		- name: benchtestbr0
		  type: bridge
		  config: {ipv4.address: "${BENCHTEST_CLUSTER_SUBNET:-10.119.28.1/24}", ipv4.nat: "true", ipv6.address: none}
		profiles:
		- name: default
		  devices:
		    root: {type: disk, path: /, pool: default}
		    eth0: {type: nic, network: benchtestbr0, name: eth0}
	END
	INCUS_DIR=$dir/m1 incus config set cluster.offline_threshold=11
}

join() { # join N
	token=$(INCUS_DIR=$dir/m1 incus cluster add "m$1" --quiet | tail -n 1)
	INCUS_DIR=$dir/m$1 incus admin init --preseed <<-END
		cluster:
		  enabled: true
		  server_name: m$1
		  server_address: $net.1$1:8443
		  cluster_token: $token
		  member_config:
		  - {entity: storage-pool, name: default, key: size, value: ${BENCHTEST_CLUSTER_POOL:-5GiB}}
	END
}

start() {
	[ "$(id -u)" = 0 ] || die "run as root: sudo $0 start"
	"$(dirname "$0")/incus.sh" install
	mkdir -p "$dir"
	if ! ip link show "$bridge" >/dev/null 2>&1; then
		ip link add "$bridge" type bridge
		ip address add "$net.1/24" dev "$bridge"
		ip link set "$bridge" up
	fi
	# Packages for templates come over this host.
	sysctl -qw net.ipv4.ip_forward=1
	nft -f - <<-END
		table ip benchtestcl
		delete table ip benchtestcl
		table ip benchtestcl {
			chain out {
				type nat hook postrouting priority srcnat
				ip saddr $net.0/24 oifname != "$bridge" masquerade
			}
		}
	END
	for n in 1 2 3; do
		wire "$n"
		[ -n "$(ours "$n")" ] || launch "$n"
	done
	INCUS_DIR=$dir/m1 incus cluster list >/dev/null 2>&1 || found
	for n in 2 3; do
		INCUS_DIR=$dir/m$n incus cluster list >/dev/null 2>&1 || join "$n"
	done
	echo "INCUS_DIR=$dir/m1"
}

lose() {
	p=$(ours "$1")
	[ -n "$p" ] || die "member $1 does not run"
	kill -KILL "$p"
	# Its guests go with it: each has a monitor that names the member's directory.
	for m in /proc/[0-9]*; do
		if tr '\0' ' ' <"$m/cmdline" 2>/dev/null | grep -q "^\[lxc monitor\] $dir/m$1/"; then kill -KILL "${m#/proc/}"; fi
	done
	ip link set "btcl$1" down
}

find_again() {
	ip link set "btcl$1" up
	launch "$1"
}

stop() {
	for n in 3 2 1; do
		p=$(ours "$n")
		[ -z "$p" ] || INCUS_DIR=$dir/m$n timeout 40 incus admin shutdown --timeout 10 >/dev/null 2>&1 || kill -KILL "$p" 2>/dev/null || true
		i=0
		while [ -n "$(ours "$n")" ] && [ "$i" -lt 50 ]; do
			i=$((i + 1))
			sleep 0.2
		done
		ip netns delete "benchtest-m$n" 2>/dev/null || true
		ip link delete "btcl$n" 2>/dev/null || true
	done
	ip link delete "$bridge" 2>/dev/null || true
	nft delete table ip benchtestcl 2>/dev/null || true
	grep " $dir/" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r m; do umount -l "$m"; done
	losetup --list --noheadings --output NAME,BACK-FILE | grep " $dir/" | cut -d' ' -f1 | while read -r l; do losetup --detach "$l"; done
	rm -rf "$dir"
}

case ${1:-} in
start) start ;;
stop) stop ;;
status) INCUS_DIR=$dir/m1 incus cluster list ;;
lose) lose "$2" ;;
find) find_again "$2" ;;
*) die "usage: incus-cluster.sh start|stop|status|lose N|find N" ;;
esac
