package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestCommandIsRecognised(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		argv []string
		want rules.Status
	}{
		{"plain", []string{"nginx", "-t"}, holds},
		{"with its directory", []string{"/usr/sbin/nginx", "-t"}, holds},
		{"more arguments", []string{"nginx", "-c", "/etc/nginx.conf", "-t", "-q"}, holds},
		{"another program", []string{"echo", "nginx", "-t"}, fails},
		{"without the argument", []string{"nginx"}, fails},
		{"argument as part of another", []string{"nginx", "-tx"}, fails},
		{"sudo", []string{"sudo", "nginx", "-t"}, holds},
		{"sudo with options", []string{"sudo", "-n", "-u", "root", "--", "nginx", "-t"}, holds},
		{"env and timeout", []string{"env", "-i", "A=b", "timeout", "-k", "5", "10", "nginx", "-t"}, holds},
		{"assignment", []string{"sh", "-c", "LANG=C nginx -t"}, holds},
		{"shell", []string{"bash", "-lc", "cd /tmp && nginx -t 2>&1 | tail -3"}, holds},
		{"sudo in a shell in sudo", []string{"sudo", "sh", "-c", "sudo nginx -t"}, holds},
		{"one string", []string{"ls; nginx -t"}, holds},
		{"only mentioned", []string{"sh", "-c", "echo 'nginx -t' # nginx -t"}, fails},
		{"mentioned in double quotes", []string{"sh", "-c", `echo "nginx -t"`}, fails},
		{"substituted", []string{"sh", "-c", "x=$(nginx -t 2>&1); echo $x"}, holds},
		{"substituted in quotes", []string{"sh", "-c", `echo "out: $(sudo nginx -t)"`}, holds},
		{"backquotes", []string{"sh", "-c", "echo `nginx -t`"}, holds},
		{"condition", []string{"sh", "-c", "if ! nginx -t; then exit 1; fi"}, holds},
		{"subshell", []string{"sh", "-c", "(cd /etc; nginx -t)"}, holds},
		{"several lines", []string{"bash", "-c", "set -e\nnginx \\\n  -t\n"}, holds},
		{"quoted words", []string{"sh", "-c", `'nginx' "-t"`}, holds},
		{"redirected without blanks", []string{"sh", "-c", "nginx -t>/dev/null"}, holds},
		{"eval", []string{"sh", "-c", "eval nginx -t"}, holds},
		{"arguments of two commands", []string{"sh", "-c", "nginx; foo -t"}, fails},
		{"wrapper alone", []string{"sudo"}, fails},
		{"open quote", []string{"sh", "-c", "nginx '-t"}, holds},
		{"empty", []string{}, fails},
		{"empty word", []string{""}, fails},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := complianceRule(t, rules.ScopeTasks, "{label: l, validator: command, argv: [nginx, -t]}")
			j := rules.Job{Tasks: []rules.Task{{Commands: []rules.Command{{Argv: c.argv, Evidence: rules.Observed}}}}}
			assert.Equal(t, c.want, r.Check(j, observed).Status)
		})
	}
}

func TestCommandStatusAndPatterns(t *testing.T) {
	t.Parallel()
	exits := func(status int) rules.Job {
		return rules.Job{Tasks: []rules.Task{{Commands: []rules.Command{{Argv: []string{"apt-get", "install", "nginx-full"}, ExitStatus: &status, Evidence: rules.Observed}}}}}
	}
	r := complianceRule(t, rules.ScopeJob, "{label: l, validator: command, argv: ['/^apt(-get)?$/', install, '/^nginx/'], status: 0}")
	assert.Equal(t, holds, r.Check(exits(0), observed).Status)
	assert.Equal(t, fails, r.Check(exits(1), observed).Status)
	unknown := exits(0)
	unknown.Tasks[0].Commands[0].ExitStatus = nil
	assert.Equal(t, fails, r.Check(unknown, observed).Status)
}

func TestOrder(t *testing.T) {
	t.Parallel()
	at := func(n int, argv ...string) rules.Command {
		return rules.Command{Argv: argv, At: time.Unix(int64(n), 0), Evidence: rules.Observed}
	}
	r := complianceRule(t, rules.ScopeJob, "{label: l, validator: order, first: [nginx, -t], then: [systemctl, restart, nginx]}")
	for _, c := range []struct {
		name string
		cmds []rules.Command
		want rules.Status
	}{
		{"in one line", []rules.Command{at(1, "sh", "-c", "nginx -t && systemctl restart nginx")}, holds},
		{"in one line the wrong way", []rules.Command{at(1, "sh", "-c", "systemctl restart nginx; nginx -t")}, fails},
		{"by the clock, not by the record", []rules.Command{at(2, "systemctl", "restart", "nginx"), at(1, "nginx", "-t")}, holds},
		{"first alone", []rules.Command{at(1, "nginx", "-t")}, holds},
		{"then alone", []rules.Command{at(1, "systemctl", "restart", "nginx")}, fails},
		{"nothing", nil, holds},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, r.Check(rules.Job{Tasks: []rules.Task{{Host: "a", Commands: c.cmds}}}, observed).Status)
		})
	}
}

// An engine writes the commands: neither their depth nor their number may hold
// up the judge.
func TestCommandsOfAHostileEngine(t *testing.T) {
	t.Parallel()
	start := time.Now()
	r := complianceRule(t, rules.ScopeJob, "{label: l, validator: command, argv: [nginx, -t]}")
	for _, script := range []string{strings.Repeat("$(", 1<<20), strings.Repeat("`", 1<<20), strings.Repeat(`"$(`, 1<<20), strings.Repeat("(", 1<<20), strings.Repeat("sudo ", 1<<18)} {
		j := rules.Job{Tasks: []rules.Task{{Commands: []rules.Command{{Argv: []string{"sh", "-c", script}, Evidence: rules.Observed}}}}}
		assert.Equal(t, fails, r.Check(j, observed).Status)
	}
	slow := complianceRule(t, rules.ScopeJob, "{label: l, validator: forbidden_command, pattern: '(?=a)(a+)+$'}")
	j := rules.Job{Tasks: []rules.Task{{}}}
	for range 1000 {
		j.Tasks[0].Commands = append(j.Tasks[0].Commands, rules.Command{Argv: []string{strings.Repeat("a", 22) + "!"}, Evidence: rules.Observed})
	}
	assert.Equal(t, errored, slow.Check(j, observed).Status)
	assert.Less(t, time.Since(start), 20*time.Second)
}
