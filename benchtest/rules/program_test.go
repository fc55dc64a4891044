package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestTheSameProgramMustDoIt(t *testing.T) {
	t.Parallel()
	const (
		bus, sbin = "/usr/bin/dbus-daemon", "/usr/sbin/nginx"
		fake      = "/usr/bin/python3.11"
		http      = "{label: l, http: 'http://127.0.0.1/', expect: {status: 200}}"
		port      = "{label: l, port: 80, expect: {listening: true}}"
		process   = "{label: l, process: nginx, expect: {count: {ge: 1}}}"
	)
	type attrs = map[string]any
	runs := func(program, witness any) attrs {
		return attrs{"running": true, "enabled": true, "program": program, "witness": witness}
	}
	for _, c := range []struct {
		name, rule string
		was, is    attrs
		want       string // part of the reason; empty: it holds
	}{
		{"the same", nginxRuns, runs(sbin, bus), runs(sbin, bus), ""},
		{"another program", nginxRuns, runs(sbin, bus), runs(fake, bus), `another program does it: "/usr/bin/python3.11"; at healthy it was ["/usr/sbin/nginx"]`},
		{"the same path, another file", nginxRuns, runs(sbin, bus), runs(sbin+" (another file)", bus), "another program does it"},
		{"active and nobody there", nginxRuns, runs(sbin, bus), runs(nil, bus), "no program can be seen that does it"},
		{"nobody was seen then", nginxRuns, runs(nil, bus), runs(fake, bus), ""},
		{"recorded before programs were", nginxRuns, attrs{"running": true}, attrs{"running": true}, ""},
		{"it did not run then", nginxRuns, attrs{"running": false, "witness": bus}, runs(fake, bus), ""},
		{"the rule has a program in mind", "{label: l, service: nginx, expect: {running: true, program: /usr/bin/python3.11}}", runs(sbin, bus), runs(fake, bus), ""},
		{"the rule is not about running", "{label: l, service: nginx, expect: {enabled: true}}", runs(sbin, bus), runs(fake, bus), ""},
		{"it is to be down, and is", "{label: l, service: nginx, expect: {running: false}}", runs(sbin, bus), attrs{"running": false, "witness": bus}, ""},
		{"systemd is silent", nginxRuns, runs(sbin, bus), runs(sbin, nil), "evidence destroyed: systemd, asked through \"/usr/bin/dbus-daemon\", does not answer any more"},
		{"a liar for systemd", nginxRuns, runs(sbin, bus), runs(sbin, fake), `evidence destroyed: "/usr/bin/python3.11" answers for systemd`},
		{"a liar about what is down", "{label: l, service: nginx, negate: true, expect: {running: true}}", runs(sbin, bus), attrs{"running": false, "witness": fake}, "evidence destroyed"},
		{"systemd was silent then", nginxRuns, runs(sbin, nil), runs(sbin, bus), ""},

		{"http: the same", http, attrs{"status": 200, "program": sbin}, attrs{"status": 200, "program": sbin}, ""},
		{"http: a fake server", http, attrs{"status": 200, "program": sbin}, attrs{"status": 200, "program": fake}, "another program does it"},
		{"http: from elsewhere", http, attrs{"status": 200, "program": sbin}, attrs{"status": 200, "program": nil}, "no program can be seen"},
		{"http: another machine's", http, attrs{"status": 200}, attrs{"status": 200}, ""},
		{"port: the same", port, attrs{"listening": true, "program": []any{sbin}}, attrs{"listening": true, "program": []any{sbin}}, ""},
		{"port: one more listens", port, attrs{"listening": true, "program": []any{sbin}}, attrs{"listening": true, "program": []any{sbin, fake}}, "another program does it"},
		{"process: another file of the name", process, attrs{"running": true, "count": 2, "program": []any{sbin}}, attrs{"running": true, "count": 1, "program": []any{"/tmp/nginx"}}, "another program does it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, c.rule)
			at := map[facts.Checkpoint]facts.Snapshot{facts.Healthy: snap(facts.Healthy, 0, fact(r, c.was))}
			res := r.HoldsAt(snap(facts.Held, s, fact(r, c.is)), at)
			if c.want == "" {
				assert.Equal(t, holds, res.Status, res.Reason)
				return
			}
			assert.Equal(t, fails, res.Status)
			assert.Contains(t, res.Reason, c.want)
		})
	}
}
