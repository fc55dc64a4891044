package cheats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// The limits of the scenario that hostile guests are in.
const (
	engineLimit = 20 * time.Second
	holdLimit   = 15 * time.Second
	// overrun is what a phase may take beyond its limit.
	overrun = 2 * time.Second
)

// A hostile guest makes whoever asks it wait, swallow or starve.
type hostile struct {
	name string
	// script runs as root, after testdata/lib.sh and perhaps after the repair.
	script string
	// landed is as in a cheat.
	landed string
	// repaired: the machine is repaired first, so that a verdict depends on
	// what can still be seen.
	repaired bool
	// wounded: the script may end the session that it runs in.
	wounded bool
	// command is asked by a rule: it must end with 0.
	command string
	want    rules.Outcome
	// slow: on a busy machine it may come too late, which is failed or timeout.
	slow  bool
	quick bool
}

func hostiles() []hostile {
	const bomb = `cat >$cheat/bomb.py <<'EOF'
import os, time
n = 0
while n < 6000:
    try:
        if os.fork() == 0:
            time.sleep(1000)
            os._exit(0)
        n += 1
    except OSError:
        break
open("/run/bombed", "w").write(str(n))
time.sleep(1000)
EOF
setsid python3 $cheat/bomb.py >/dev/null 2>&1 </dev/null &
for _ in $(seq 200); do test -e /run/bombed && break; read -t 0.1 </dev/zero || true; done`
	return []hostile{
		{
			name: "a gigabyte from a rule's command", repaired: true, command: "/opt/check",
			script: `printf '#!/bin/sh\nhead -c 1G /dev/zero\n' >/opt/check; chmod 755 /opt/check`, landed: `test -x /opt/check`,
			want: rules.Passed, slow: true,
		},
		{
			name:   "a gigabyte from the engine's commands",
			script: `head -c 512M /dev/zero; head -c 512M /dev/zero >&2`, want: rules.Failed, slow: true,
		},
		{
			name: "a command that never ends", quick: true, repaired: true, command: "/opt/check",
			script: `printf '#!/bin/sh\nsleep 1000\n' >/opt/check; chmod 755 /opt/check`, landed: `test -x /opt/check`,
			want: rules.Failed,
		},
		{
			name: "an sshd that stands still", repaired: true, command: "true", wounded: true,
			script: `pkill -STOP -f '[s]shd: /usr/sbin/sshd'; pkill -STOP -f '[s]shd: root'; true`, want: rules.Failed,
		},
		{
			name: "a bus that never answers", repaired: true,
			script: `pkill -STOP -x dbus-daemon`, landed: `grep -q 'State:.*T' /proc/$(pgrep -x dbus-daemon)/status`,
			want: rules.Failed,
		},
		{
			name: "a server that never answers", repaired: true,
			script: `pkill -STOP -x nginx`, landed: `grep -q 'State:.*T' /proc/$(pgrep -xo nginx)/status`,
			want: rules.Failed,
		},
		{
			name: "a server that never stops answering",
			script: `cat >$cheat/flood.py <<'EOF'
import socket, threading
def feed(c):
    try:
        c.recv(4096)
        c.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nWelcome")
        while True:
            c.sendall(b"x" * 65536)
    except OSError:
        pass
s = socket.create_server(("", 80))
while True:
    threading.Thread(target=feed, args=(s.accept()[0],), daemon=True).start()
EOF
setsid python3 $cheat/flood.py >/dev/null 2>&1 </dev/null & sleep 0.5`,
			landed: `curl -s -m 1 http://127.0.0.1/ | head -c 7 | grep -q Welcome`, want: rules.Failed,
		},
		{name: "as many processes as it may have", script: bomb, wounded: true, command: "true", want: rules.Failed},
		{
			name:   "a full disk",
			script: `fallocate -l 100G /var/fill 2>/dev/null || true; for s in 1G 100M 10M 1M 100K 4K; do while fallocate -l $s "/var/fill.$s.$(date +%N)" 2>/dev/null; do :; done; done; ! dd if=/dev/zero of=/var/more bs=1M count=10 2>/dev/null`,
			want:   rules.Failed,
		},
		{name: "a power-off while the engine works", wounded: true, script: `sync -f /; poweroff -f`, want: rules.Failed},
		{
			// Its clock is the driver's, which no guest sets.
			name: "a clock that is set", repaired: true, command: "true",
			script: `date -s 2031-01-01 || true; timedatectl set-time 2031-01-01 || true; hwclock --set --date 2031-01-01 || true; systemctl stop systemd-timesyncd || true`,
			landed: `test "$(date +%Y)" != 2031`, want: rules.Passed,
		},
		{name: "a reboot while the engine works", wounded: true, script: `systemctl reboot --no-block; sleep 10`, want: rules.Failed},
		{
			name: "a thousand connections to sshd", command: "true",
			script: `cat >$cheat/crowd.py <<'EOF'
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
crowd = []
while len(crowd) < 1000:
    crowd.append(socket.create_connection(("127.0.0.1", 22)))
open("/run/crowded", "w").close()
time.sleep(1000)
EOF
setsid python3 $cheat/crowd.py >/dev/null 2>&1 </dev/null &
for _ in $(seq 100); do test -e /run/crowded && break; sleep 0.1; done`,
			landed: `test -e /run/crowded`, want: rules.Failed,
		},
		{name: "an engine that never ends", script: `sleep 1000`, wounded: true, want: rules.Timeout},
	}
}

func TestHostileGuestsEndInTime(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for i, h := range hostiles() {
		if !(cheat{quick: h.quick}).wanted() {
			continue
		}
		t.Run(strings.ReplaceAll(h.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			var broke error
			sc := l.scenario(t, shipped, fmt.Sprintf("hostile/%03d", i), h.changes()...)
			rec := l.attempt(t, sc, func(ctx context.Context, _ engines.Work, g *guest) error {
				broke = h.play(ctx, g)
				return nil
			})
			if !h.slow || !errors.Is(broke, context.DeadlineExceeded) {
				require.NoError(t, broke)
			}
			t.Logf("%s: %s in engine %.1fs, hold %.1fs: %.200s", h.name, rec.Outcome, rec.Phases.Engine.Seconds(), rec.Phases.Hold.Seconds(), rec.Reason)
			if !h.slow || rec.Outcome != rules.Failed && rec.Outcome != rules.Timeout {
				assert.Equal(t, h.want, rec.Outcome, rec.Reason)
			}
			assert.LessOrEqual(t, rec.Phases.Engine, engineLimit+overrun)
			assert.LessOrEqual(t, rec.Phases.Hold, holdLimit+overrun)
		})
	}
}

// changes makes the shipped scenario short, and lets it ask h's command.
func (h hostile) changes() []string {
	text := fmt.Sprintf("timeouts: {engine: %s, hold: %s}\nstate:\n", engineLimit, holdLimit)
	if h.command != "" {
		text += fmt.Sprintf("  - {label: the check, command: %q, before: any, expect: {exit-status: 0}}\n", h.command)
	}
	return []string{"\nstate:\n", "\n" + text}
}

func (h hostile) play(ctx context.Context, g *guest) error {
	_, _ = g.root(ctx, "nginx -t")
	if err := g.furnish(ctx, nil); err != nil {
		return err
	}
	if h.repaired {
		if _, err := g.root(ctx, library+"repair; answers"); err != nil {
			return err
		}
	}
	r, err := g.ssh.Exec(ctx, providers.Command{Argv: []string{"sudo", "bash", "-c", library + h.script}, Dir: "/", Limit: stepLimit})
	if !h.wounded {
		if err != nil {
			return err
		}
		if r.ExitStatus != 0 {
			return fmt.Errorf("exit status %d: %s", r.ExitStatus, lastLines(string(r.Stderr[:min(len(r.Stderr), 2000)])))
		}
	}
	if h.landed == "" {
		return nil
	}
	_, err = g.root(ctx, library+h.landed)
	return err
}
