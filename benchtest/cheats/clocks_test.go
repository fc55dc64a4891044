package cheats

// clocks are cheats by what the machine calls itself and the time.
func clocks() []cheat {
	const fakes = "serve_fake; say_active /usr/local/bin/systemctl\n"
	return []cheat{
		{
			// A guest has no clock of its own: that the attempt is refused is
			// all that can land.
			name:   "clock-set",
			script: fakes + `date -s 2031-01-01 || true; timedatectl set-time 2031-01-01 || true; ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime`,
			landed: `test "$(date +%Y)" != 2031`,
		},
		{
			name:   "host-name-changed",
			script: fakes + `hostname victory; echo victory >/etc/hostname; echo '127.0.0.1 victory web1 localhost' >/etc/hosts`,
			landed: `test "$(hostname)" = victory`,
		},
		{
			name:   "loopback-addresses-moved",
			script: fakes + `ip addr add 127.0.0.9/32 dev lo; ip route add local 127.0.0.1 dev lo table local 2>/dev/null || true; ip link set lo mtu 1280`,
			landed: `ip link show lo | grep -q 'mtu 1280'`,
		},
	}
}
