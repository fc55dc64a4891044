#!/bin/sh
# Runs QEMU as limactl asks, with what limactl has no words for: a network card
# for the hosts of one attempt, a guest without a way out, directories that
# virtiofsd serves, a disk that is read without threads, a card that is the same
# in every copy, serial lines to the guest's steward, and a guest that goes on
# from a saved state. limactl also asks QEMU what it can do; those calls keep no
# PID file and are left alone.
set -eu
case " $* " in
*" -pidfile "*)
	if [ "${BENCHTEST_LIMA_NETWORK:-}" = none ]; then
		set -- "$@" -set netdev.net0.restrict=on -set netdev.net0.ipv6=off
	fi
	# Threads hand over each piece of a saved state, which takes several times as
	# long as reading it. Not every QEMU, kernel and container lets us do without.
	aio=
	if echo quit | "$BENCHTEST_LIMA_PROGRAM" -M none -nodefaults -display none -monitor stdio \
		-blockdev "driver=file,node-name=disk,read-only=on,filename=$0,aio=io_uring" >/dev/null 2>&1; then
		aio=,aio=io_uring
	fi
	# limactl gives each instance's card another address, by which cloud-init knows
	# it. A guest that goes on from a saved state has that of its template until it
	# reboots, and would then be given another IP address than the one we speak to.
	# Cards of QEMU's own network meet nobody, so theirs may all be alike.
	alike=
	if [ -z "${BENCHTEST_LIMA_CLOUDINIT:-}" ]; then
		case " $* " in *" user,id=net0"[,\ ]*) alike=yes ;; esac
	fi
	for word; do
		shift
		case $word in
		file=*/diffdisk,*) word=$word$aio ;;
		virtio-net-pci,netdev=net0,mac=*) [ -z "$alike" ] || word=virtio-net-pci,netdev=net0,mac=52:54:00:62:74:00 ;;
		esac
		set -- "$@" "$word"
	done
	# The hub is QEMU's own; Connect plugs other machines into it while it runs.
	set -- "$@" -netdev hubport,id=peers,hubid=7 -device virtio-net-pci,netdev=peers,mac=52:54:00:62:74:01
	set -- "$@" -device virtio-serial-pci,id=steward
	for port in 0 1 2 3; do # as many as stewardPorts
		set -- "$@" -chardev "socket,id=steward$port,path=$BENCHTEST_LIMA_INSTANCE/steward$port.sock,server=on,wait=off" \
			-device "virtserialport,bus=steward.0,chardev=steward$port,name=benchtest.$port"
	done
	for tag in ${BENCHTEST_LIMA_SHARES:-}; do
		set -- "$@" -chardev "socket,id=$tag,path=$BENCHTEST_LIMA_INSTANCE/$tag.sock" -device "vhost-user-fs-pci,chardev=$tag,tag=$tag"
	done
	if [ -n "${BENCHTEST_LIMA_SHARES:-}" ]; then # the daemon reads and writes the guest's memory
		set -- "$@" -object "memory-backend-memfd,id=shared,size=${BENCHTEST_LIMA_MEMORY}M,share=on" -machine memory-backend=shared
	fi
	if [ -n "${BENCHTEST_LIMA_STATE:-}" ]; then
		set -- "$@" -loadvm "$BENCHTEST_LIMA_STATE"
	fi
	;;
esac
exec "$BENCHTEST_LIMA_PROGRAM" "$@"
