#!/bin/sh
# wires.sh [FILE]: gives the interfaces of a virtual machine their addresses:
# FILE has a line "MAC ADDRESS/BITS [GATEWAY]" for each. An interface is known by
# its MAC, since its name is the guest's business. Run as root in the guest.
set -eu
while read -r mac address gateway; do
	for at in /sys/class/net/*/address; do
		[ "$(cat "$at")" = "$mac" ] || continue
		device=${at%/address}
		device=${device##*/}
		ip link set "$device" up
		ip address replace "$address" dev "$device"
		if [ -n "$gateway" ]; then
			ip route replace default via "$gateway" dev "$device"
			rm -f /etc/resolv.conf # it may be a link
			echo "nameserver $gateway" >/etc/resolv.conf
		fi
	done
done <"${1:-/etc/benchtest-wires}"
