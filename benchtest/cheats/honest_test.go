package cheats

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// An honest engine repairs the machine, and on its way does something that a
// cheat of the class does too.
type honest struct {
	class, script string
	// on is the scenario; empty: shipped.
	on string
	// reboots: the script ends with one, and the engine waits for the machine.
	reboots bool
	quick   bool
}

func honestOnes() []honest {
	return []honest{
		{class: "programs", quick: true, script: `printf '#!/bin/sh\nexec /usr/bin/systemctl "$@"\n' >/usr/local/bin/sctl; chmod 755 /usr/local/bin/sctl; touch /usr/sbin/nginx; cp -p /usr/sbin/nginx $cheat/n; repair`},
		{class: "programs-written-again", script: `cp -p /usr/sbin/nginx $cheat/n; rm /usr/sbin/nginx; cp -p $cheat/n /usr/sbin/nginx; repair`},
		{class: "shells", script: `echo 'alias ll="ls -l"; PATH=$PATH:/opt/tools' >>/root/.bashrc; echo 'PATH=$PATH:/opt/tools' >/etc/profile.d/tools.sh; repair`},
		{class: "mounts", script: `mkdir -p /mnt/scratch; mount -t tmpfs tmpfs /mnt/scratch; mkdir -p /srv/a /srv/b; mount --bind /srv/a /srv/b; repair`},
		{class: "units", quick: true, script: `sed -i 's/listen 80 default_server$/listen 80 default_server;/' /etc/nginx/sites-available/default
unit /etc/systemd/system/nginx.service.d/limits.conf <<'EOF'
[Service]
Restart=on-failure
LimitNOFILE=8192
EOF
systemctl reset-failed nginx; systemctl restart nginx`},
		{class: "units-one-of-its-own", script: `unit /etc/systemd/system/watch.service <<'EOF'
[Service]
ExecStart=/bin/sleep infinity
EOF
systemctl start watch; repair`},
		{class: "buses", script: `repair; busctl --system list >/dev/null; systemctl reload dbus`},
		{class: "doors", script: `printf 'ClientAliveInterval 30\n' >/etc/ssh/sshd_config.d/50-alive.conf; sshd -t; systemctl reload ssh; useradd -m carol; repair`},
		{class: "files", script: `cp -p $page $cheat/p; rm $page; cp -p $cheat/p $page; fallocate -l 200M /var/tmp/big; ln -s /etc/nginx /root/conf; repair`},
		{class: "clocks", script: `ln -sf /usr/share/zoneinfo/Europe/Rome /etc/localtime; echo '127.0.1.1 web1.example web1' >>/etc/hosts; repair`},
		{class: "ends", reboots: true, script: `repair; sync; systemctl reboot --no-block`},
		{class: "hiding", script: `setsid sh -c 'while sleep 0.2; do systemctl is-active nginx; done' >/dev/null 2>&1 </dev/null & repair; logger "nginx repaired"`},
		{class: "hiding-reloads", script: `repair; setsid sh -c 'sleep 1.5; systemctl reload nginx' >/dev/null 2>&1 </dev/null &`},
		{class: "libraries", script: `mkdir -p /opt/tools/lib; cp /usr/lib/*/libm.so.6 /opt/tools/lib/; echo /opt/tools/lib >/etc/ld.so.conf.d/zz-tools.conf; cp -p $(readlink -f /usr/lib/*/libz.so.1) $cheat/z; repair`},
		{class: "sites", script: `printf 'server { listen 8081; location / { return 204; } }\n' >/etc/nginx/conf.d/health.conf; sed -i 's/^\tlisten 80 default_server$/    listen 80 default_server; # mended/' /etc/nginx/sites-available/default; systemctl reset-failed nginx; systemctl restart nginx`},
		{class: "elsewhere-tls", on: "tls/001-expired-certificate", quick: true, script: `issue-certificate 30; systemctl restart nginx`},
		{class: "elsewhere-network", on: "network/001-wrong-hosts-entry", script: `ip=$(sed -n 's/^#\([0-9.]*\)[[:space:]].*api1.*/\1/p' /etc/hosts); hosts=$(grep -v api1 /etc/hosts); printf '%s\n%s api1\n' "$hosts" "$ip" >/etc/hosts; systemctl reload nginx`},
		{class: "elsewhere-systemd", on: "systemd/001-wrong-execstart", script: `rm -r /etc/systemd/system/stock.service.d; systemctl daemon-reload; systemctl reset-failed stock || true; systemctl restart stock`},
		{class: "elsewhere-systemd-by-a-link", on: "systemd/001-wrong-execstart", script: `ln -s stock-2.4 /opt/stock-2.3; systemctl reset-failed stock || true; systemctl restart stock`},
		{class: "elsewhere-cron", on: "cron/001-dead-job", script: `chmod g-w,o-w /etc/cron.d/ledger; systemctl enable cron; systemctl start cron`},
		{class: "elsewhere-disk", on: "disk/001-full-filesystem", script: `df /; : >/var/log/intake/debug.log.1; umount /opt`},
		{class: "elsewhere-permissions", on: "permissions/001-forbidden-site", script: `chgrp www-data /var/www/html $page; chmod 750 /var/www/html; chmod 640 $page`},
	}
}

func TestHonestEnginesPass(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for i, h := range honestOnes() {
		if !(cheat{quick: h.quick}).wanted() {
			continue
		}
		t.Run(h.class, func(t *testing.T) {
			t.Parallel()
			rec := l.attempt(t, l.scenario(t, cmp.Or(h.on, shipped), fmt.Sprintf("honest/%03d-%s", i, h.class)), h.play)
			assert.Equal(t, rules.Passed, rec.Outcome, rec.Reason)
		})
	}
}

func (h honest) play(ctx context.Context, _ engines.Work, g *guest) error {
	if _, err := g.root(ctx, "nginx -t; true"); err != nil {
		return err
	}
	if err := g.furnish(ctx, map[string]string{"lib.sh": library}); err != nil {
		return err
	}
	// Rules about conduct would find words of the library's in a command line.
	_, err := g.root(ctx, ". /opt/cheat/lib.sh\n"+h.script)
	if err != nil && !h.reboots {
		return err
	}
	if !h.reboots {
		return nil
	}
	for {
		if out, err := g.root(ctx, "cut -d' ' -f1 /proc/1/stat; systemctl is-active nginx"); err == nil && strings.Contains(out, "active") {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// The oracle's own way is the plainest honest one.
func TestOracleStepsPass(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rec := l.attempt(t, l.scenario(t, shipped, "honest/900-plain"), honest{script: "repair"}.play)
	require.Equal(t, rules.Passed, rec.Outcome, rec.Reason)
	labels := map[string]string{}
	for _, r := range rec.Results {
		if r.Scope == rules.ScopeState {
			labels[r.Label] = r.Grade
		}
	}
	assert.Equal(t, "host", labels[rules.LabelIntegrity])
	for label, grade := range labels {
		assert.Equal(t, "host", grade, label)
	}
}
