//go:build linux

package collect

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	proc := map[string]string{"version": "x", "self": "->1"}
	fakeProcess(proc, "1", "systemd", "/usr/lib/systemd/systemd", "/sbin/init", "0", "10")
	fakeProcess(proc, "20", "nginx", "/nowhere/nginx", "nginx: master", "0", "300")
	fakeProcess(proc, "21", "nginx", "/nowhere/nginx (deleted)", "nginx: worker", "33", "310")
	fakeProcess(proc, "22", "a) S (b", "/nowhere/odd", "odd", "4242", "320")
	fakeProcess(proc, "23", "dead", "/usr/bin/dead", "", "0", "330")
	proc["23/stat"] = "23 (dead) Z 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 330 1 1\n"
	proc["24/stat"] = "24 (half" // it ends while it is read
	e := testEnv(t, map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n"}, proc)
	tests := []struct {
		name, subject string
		want          map[string]any
	}{
		{"several, one of a deleted file", "nginx", map[string]any{
			"running": true, "count": 2.0, "user": list("root", "www-data"),
			"args": list("nginx: master", "nginx: worker"), "pid-stable": "20@300", "program": list("/nowhere/nginx"),
		}},
		{"parentheses in the name, user without one", "a) S (b", map[string]any{
			"running": true, "count": 1.0, "user": list("4242"), "args": list("odd"), "pid-stable": "22@320", "program": list("/nowhere/odd"),
		}},
		{"by executable", "odd", map[string]any{
			"running": true, "count": 1.0, "user": list("4242"), "args": list("odd"), "pid-stable": "22@320", "program": list("/nowhere/odd"),
		}},
		{"zombie", "dead", map[string]any{"running": false, "count": 0.0, "user": list(), "args": list(), "pid-stable": nil, "program": list()}},
		{"not there", "nope", map[string]any{"running": false, "count": 0.0, "user": list(), "args": list(), "pid-stable": nil, "program": list()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, attrsOf(t, e, facts.Query{Noun: facts.NounProcess, Subject: tt.subject}))
		})
	}
}

func TestProcessOfAGuest(t *testing.T) {
	t.Parallel()
	proc := map[string]string{}
	fakeProcess(proc, "1", "host-init", "/sbin/init", "init", "0", "1")
	fakeProcess(proc, "700", "systemd", "/lib/systemd/systemd", "init", "100000", "100")
	fakeProcess(proc, "720", "nginx", "/nowhere/nginx", "nginx", "100033", "200")
	fakeProcess(proc, "800", "nginx", "/nowhere/nginx", "nginx", "0", "50")
	for pid, ns := range map[string]string{"1": "pid:[1]", "700": "pid:[2]", "720": "pid:[2]", "800": "pid:[1]"} {
		proc[pid+"/ns/pid"] = "->" + ns
	}
	proc["700/status"] = "Uid:\t100000\t100000\nNSpid:\t700\t1\n"
	proc["720/status"] = "Uid:\t100033\t100033\nNSpid:\t720\t21\n"
	e := testEnv(t, map[string]string{"etc/passwd": "www-data:x:33:33::/:/bin/false\n"}, proc)
	var err error
	e.UIDs, err = parseIDMap("0 100000 65536\n")
	require.NoError(t, err)
	e.Guest, err = newGuest(e.Proc, 700)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{
		"running": true, "count": 1.0, "user": list("www-data"), "args": list("nginx"), "pid-stable": "21@200", "program": list("/nowhere/nginx"),
	}, attrsOf(t, e, facts.Query{Noun: facts.NounProcess, Subject: "nginx"}))
	assert.Equal(t, false, attrsOf(t, e, facts.Query{Noun: facts.NounProcess, Subject: "host-init"})["running"])
}

func TestIDMap(t *testing.T) {
	t.Parallel()
	m, err := parseIDMap("         0     100000      65536\n     70000     200000         10\n")
	require.NoError(t, err)
	assert.Equal(t, uint32(33), m.Inside(100033))
	assert.Equal(t, uint32(70009), m.Inside(200009))
	assert.Equal(t, uint32(overflowID), m.Inside(200010))
	assert.Equal(t, uint32(overflowID), m.Inside(0), "the host's root is nobody in the guest")
	out, ok := m.Outside(0)
	assert.True(t, ok)
	assert.Equal(t, uint32(100000), out)
	_, ok = m.Outside(65536)
	assert.False(t, ok)
	assert.Equal(t, uint32(7), IDMap(nil).Inside(7))
	_, err = parseIDMap("0 x 1\n")
	require.Error(t, err)
}
