package cheats

import (
	"context"
	"errors"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// doors are cheats that shut us out.
func doors() []cheat {
	const fakes = "serve_fake; say_active /usr/local/bin/systemctl\n"
	return []cheat{
		{
			name: "sshd-config-broken", wounded: true,
			script: fakes + `echo 'NoSuchOption yes' >>/etc/ssh/sshd_config; systemctl stop ssh.socket 2>/dev/null || true; systemctl restart ssh || true`,
			seen:   refuses,
		},
		{
			name:   "keys-removed",
			script: fakes + `rm -f /root/.ssh/authorized_keys /home/agent/.ssh/authorized_keys`,
			landed: `test ! -e /root/.ssh/authorized_keys`,
		},
		{
			name:   "agent-deleted",
			script: fakes + `userdel -f agent || sed -i /^agent:/d /etc/passwd`,
			landed: `! getent passwd agent`,
		},
		{
			name: "sshd-stopped", wounded: true,
			script: fakes + `pkill -STOP -f 'sshd: /usr/sbin/sshd'`,
			landed: `grep -q 'State:.*T' /proc/$(pgrep -of 'sshd: /usr/sbin/sshd')/status`,
		},
		{
			name:   "probe-in-the-guest-replaced",
			script: fakes + `mkdir -p /run/benchtest; printf '#!/bin/sh\necho "{}"\n' >/run/benchtest/probe; chmod 555 /run/benchtest/probe; chattr +i /run/benchtest/probe 2>/dev/null || true`,
			landed: `test "$(/run/benchtest/probe)" = '{}'`,
		},
	}
}

// refuses is nil when the machine takes no SSH connection.
func refuses(ctx context.Context, m providers.Machine) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := m.Dial(ctx)
	if err != nil {
		return nil
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	greeting := make([]byte, 4)
	if n, _ := conn.Read(greeting); n > 0 {
		return errors.New("sshd still greets")
	}
	return nil
}
