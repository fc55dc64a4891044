package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
)

const factsRounds = 15

// A check is one rule's question, and what people ask a shell instead.
type check struct {
	query facts.Query
	shell string
}

// checks are fifty, of all nouns that need no program of the guest's.
func checks() []check {
	var list []check
	add := func(noun, shell string, subjects ...string) {
		for _, s := range subjects {
			list = append(list, check{facts.Query{Noun: noun, Subject: s}, fmt.Sprintf(shell, s)})
		}
	}
	add(facts.NounService, "systemctl is-active %[1]s; systemctl is-enabled %[1]s", "nginx", "ssh", "cron", "dbus", "systemd-journald", "systemd-logind")
	add(facts.NounProcess, "pgrep -c -x %s", "nginx", "sshd", "cron", "systemd")
	add(facts.NounPort, "ss -Hltn 'sport = :%s'", "22", "80", "443", "8080")
	add(facts.NounFile, "stat -c '%%F %%a %%U %%G %%s' %[1]s; sha256sum %[1]s",
		"/etc/passwd", "/etc/hosts", "/etc/hostname", "/etc/nginx/nginx.conf", "/etc/nginx/sites-available/default",
		"/etc/ssh/sshd_config", "/etc/crontab", "/usr/sbin/nginx", "/var/www/html/index.nginx-debian.html", "/etc/sudoers", "/etc/no-such-file", "/bin/sh")
	add(facts.NounMount, "findmnt -n %[1]s; df --output=pcent,ipcent %[1]s", "/", "/run", "/dev/shm")
	add(facts.NounPackage, "dpkg-query -W %s", "nginx", "openssh-server", "cron", "python3", "curl")
	add(facts.NounUser, "id %s", "root", "agent", "www-data")
	add(facts.NounGroup, "getent group %s", "sudo", "adm", "www-data")
	add(facts.NounKernelParam, "sysctl -n %s", "net.ipv4.ip_forward", "kernel.hostname", "net.core.somaxconn")
	add(facts.NounHTTP, "curl -sS -i %s", "http://127.0.0.1/", "http://127.0.0.1/missing")
	add(facts.NounDNS, "getent hosts %s", "localhost")
	add(facts.NounCron, "cat /etc/crontab /etc/cron.d/*; systemctl list-timers --all #%s", "system")
	add(facts.NounInterface, "ip addr show dev %s", "lo")
	add(facts.NounAddr, "curl -sS -o /dev/null %s || nc -z 127.0.0.1 22", "tcp://127.0.0.1:22")
	add(facts.NounJournal, "journalctl -q -u %s | wc -l", "nginx")
	return list
}

// measureFacts compares one round of facts with a session for each.
func measureFacts(ctx context.Context) (r []reading, err error) {
	l, err := openLab(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	t, err := l.template(ctx, "debian-nginx")
	if err != nil {
		return r, err
	}
	c, err := l.clone(ctx, t)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.destroy(ctx)) }()
	s, err := c.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.WaitReady(ctx); err != nil {
		return r, err
	}
	client, err := s.Client(ctx) // warm: the connection is there
	if err != nil {
		return r, err
	}
	list := checks()
	a, b, err := pairs(ctx, factsRounds,
		func(ctx context.Context) (time.Duration, error) { return askAll(ctx, s, list) },
		func(context.Context) (time.Duration, error) { return shellAll(client, list) })
	if err != nil {
		return r, err
	}
	return compared(a, b, fmt.Sprintf("facts for %d rules", len(list)), fmt.Sprintf("%d sessions", len(list))), nil
}

// askAll asks every check in one round.
func askAll(ctx context.Context, s *providers.Sandbox, list []check) (time.Duration, error) {
	var req facts.Request
	for _, c := range list {
		req.Queries = append(req.Queries, c.query)
	}
	begin := time.Now()
	answer, err := s.Facts(ctx, req)
	took := time.Since(begin)
	if err != nil {
		return 0, err
	}
	for _, f := range answer.Facts {
		if f.Error != "" {
			return 0, fmt.Errorf("%s: %s", f.Query.ID(), f.Error)
		}
	}
	return took, nil
}

// shellAll opens a session for each check, one after the other. What the
// commands say does not matter here, and many exit with a status that is an
// answer.
func shellAll(client *ssh.Client, list []check) (time.Duration, error) {
	begin := time.Now()
	for _, c := range list {
		s, err := client.NewSession()
		if err != nil {
			return 0, fmt.Errorf("open session: %w", err)
		}
		_, err = s.CombinedOutput(c.shell)
		s.Close()
		if exit, failed := errors.AsType[*ssh.ExitError](err); failed && exit.ExitStatus() == 127 {
			return 0, fmt.Errorf("%s: no such program in the guest", c.shell)
		}
	}
	return time.Since(begin), nil
}
