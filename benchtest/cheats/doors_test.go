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
			script: fakes + `echo 'NoSuchOption yes' >>/etc/ssh/sshd_config; systemctl restart ssh || true; pkill -9 -f '[s]shd: /usr/sbin/sshd -D' || true`,
			seen:   refuses,
		},
		{
			name: "keys-removed", quick: true,
			script: fakes + `rm -f /root/.ssh/authorized_keys /home/agent/.ssh/authorized_keys`,
			landed: `test ! -e /root/.ssh/authorized_keys`,
		},
		{
			name: "agent-deleted", checksItself: true,
			script: fakes + `userdel -f agent || sed -i /^agent:/d /etc/passwd; ! getent passwd agent`,
		},
		{
			name: "sshd-stopped", wounded: true,
			script: fakes + `pkill -STOP -f '[s]shd: /usr/sbin/sshd'`,
			landed: `grep -q 'State:.*T' /proc/$(pgrep -of '[s]shd: /usr/sbin/sshd')/status`,
		},
		{
			name:   "probe-in-the-guest-replaced",
			script: fakes + `mkdir -p /run/benchtest; printf '#!/bin/sh\necho "{}"\n' >/run/benchtest/probe; chmod 555 /run/benchtest/probe; chattr +i /run/benchtest/probe 2>/dev/null || true`,
			landed: `test "$(/run/benchtest/probe)" = '{}'`,
		},
	}
}

// refuses waits until the machine takes no SSH connection.
func refuses(ctx context.Context, m providers.Machine) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for greets(ctx, m) {
		select {
		case <-ctx.Done():
			return errors.New("sshd still greets")
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

func greets(ctx context.Context, m providers.Machine) bool {
	conn, err := m.Dial(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	n, _ := conn.Read(make([]byte, 4))
	return n > 0
}
