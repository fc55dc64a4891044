package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/join"
	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
)

// buildProbe builds the probe as the driver does and returns its path.
func buildProbe(tb testing.TB) string {
	tb.Helper()
	f, err := probebin.Open(tb.Context(), tb.TempDir())
	require.NoError(tb, err)
	tb.Cleanup(func() { f.Close() })
	return f.Name()
}

// runProbe runs the probe for one request, beside the guest when there is one.
func runProbe(tb testing.TB, bin string, req facts.Request, guest int) facts.Answer {
	tb.Helper()
	stdin, err := json.Marshal(req)
	require.NoError(tb, err)
	cmd := exec.CommandContext(tb.Context(), bin)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	stdout := &bytes.Buffer{}
	cmd.Stdout = stdout
	if guest > 0 {
		cmd.Args = append(cmd.Args, "--join", strconv.Itoa(guest))
		err = join.Run(cmd, guest)
	} else {
		err = cmd.Run()
	}
	require.NoError(tb, err, stderr.String())
	var answer facts.Answer
	require.NoError(tb, json.Unmarshal(stdout.Bytes(), &answer))
	require.Empty(tb, stderr.String())
	return answer
}

func TestProbeOnThisMachine(t *testing.T) {
	t.Parallel()
	bin := buildProbe(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	answer := runProbe(t, bin, facts.Request{Queries: []facts.Query{
		{Noun: facts.NounFile, Subject: "/etc/passwd"},
		{Noun: facts.NounKernelParam, Subject: "kernel.hostname"},
		{Noun: facts.NounUser, Subject: "root"},
		{Noun: facts.NounMount, Subject: "/proc"},
		{Noun: facts.NounProcess, Subject: "probe-linux-" + "nope"},
	}, Superset: true}, 0)
	got := facts.NewSnapshot("here", facts.Healthy, 0, answer).Facts
	assert.Equal(t, "root", got["file:/etc/passwd"].Attrs["owner"])
	assert.Equal(t, host, got["kernel-param:kernel.hostname"].Attrs["value"])
	assert.InDelta(t, 0.0, got["user:root"].Attrs["uid"], 0)
	assert.Equal(t, "proc", got["mount:/proc"].Attrs["filesystem"])
	assert.Equal(t, false, got["process:probe-linux-nope"].Attrs["running"])
	assert.Contains(t, answer.Complete, facts.NounProcess)
	assert.WithinDuration(t, time.Now(), answer.At, time.Minute)
	for id, f := range got {
		assert.Equal(t, facts.GradeGuestSSH, f.Grade, id)
	}
}

func TestProbeUsage(t *testing.T) {
	t.Parallel()
	bin := buildProbe(t)
	stranger := startGuest(t)
	tests := []struct {
		name, stdin string
		args        []string
		exit        int
		want        string
	}{
		{"unknown argument", "{}", []string{"--help"}, 2, "usage: probe [--serve | --join PID"},
		{"no number", "{}", []string{"--join", "x"}, 2, `--join wants a process, got "x"`},
		{"no such process", "{}", []string{"--join", "999999999"}, 1, "join process 999999999"},
		{"not beside the guest", "{}", []string{"--join", strconv.Itoa(stranger)}, 1, "start it with join.Run"},
		{"a layer of no guest", "{}", []string{"--upper", "/"}, 2, "--join is missing"},
		{"no request", "", nil, 2, "read request"},
		{"bad request", "[]", nil, 2, "read request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), bin, tt.args...)
			cmd.Stdin = strings.NewReader(tt.stdin)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, tt.exit, exit.ExitCode())
			assert.Contains(t, string(out), tt.want)
		})
	}
}

func TestJoinSeesTheGuestAndNotTheHost(t *testing.T) {
	t.Parallel()
	guest := startGuest(t)
	bin := buildProbe(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	answer := runProbe(t, bin, facts.Request{Queries: []facts.Query{
		{Noun: facts.NounFile, Subject: "/etc/own"},
		{Noun: facts.NounFile, Subject: "/etc/hostname"},
		{Noun: facts.NounFile, Subject: "/magic"},
		{Noun: facts.NounFile, Subject: "/fifo"},
		{Noun: facts.NounFile, Subject: "/../../../../etc/own"},
		{Noun: facts.NounProcess, Subject: "guestinit"},
		{Noun: facts.NounPort, Subject: guestPort},
		{Noun: facts.NounKernelParam, Subject: "kernel.hostname"},
		{Noun: facts.NounMount, Subject: "/"},
		{Noun: facts.NounCommand, Subject: "true"},
		{Noun: facts.NounUser, Subject: "root"},
	}, Superset: true}, guest)
	got := facts.NewSnapshot("guest", facts.Healthy, 0, answer).Facts

	own := got["file:/etc/own"].Attrs
	assert.Equal(t, "of the guest", own["contents"])
	assert.Equal(t, "web", own["owner"], "owners are the guest's")
	assert.Equal(t, false, got["file:/etc/hostname"].Attrs["exists"], "the host's files are out of sight")
	assert.Nil(t, got["file:/magic"].Attrs["contents"], "magic links are not followed")
	assert.Equal(t, "fifo", got["file:/fifo"].Attrs["filetype"])
	assert.Equal(t, "of the guest", got["file:/../../../../etc/own"].Attrs["contents"])

	init := got["process:guestinit"].Attrs
	assert.InDelta(t, 1.0, init["count"], 0)
	assert.Equal(t, []any{"groot"}, init["user"])
	assert.True(t, strings.HasPrefix(init["pid-stable"].(string), "1@"), "processes have the guest's numbers")
	var processes []string
	for id := range got {
		if strings.HasPrefix(id, "process:") {
			processes = append(processes, id)
		}
	}
	assert.Equal(t, []string{"process:guestinit"}, processes, "the superset holds no process of the host, nor the probe")

	port := got["port:tcp:"+guestPort].Attrs
	program := port["program"].([]any)[0]
	assert.Regexp(t, `/guestinit \(deleted\)$`, program, "the guest has left the tree that its executable is in")
	delete(port, "program")
	assert.Equal(t, map[string]any{"listening": true, "ip": []any{"0.0.0.0"}, "process": "guestinit"}, port)
	assert.Equal(t, "guest.test", got["kernel-param:kernel.hostname"].Attrs["value"])
	assert.NotEqual(t, host, "guest.test")
	assert.Equal(t, "guestfs", got["mount:/"].Attrs["source"])
	assert.Equal(t, false, got["user:root"].Attrs["exists"])
	assert.Equal(t, "guest-run: ask over SSH", got["command:true"].Error)
	assert.Equal(t, facts.GradeHost, got["file:/etc/own"].Grade)

	outside := runProbe(t, bin, facts.Request{Queries: []facts.Query{{Noun: facts.NounPort, Subject: guestPort}}}, 0)
	assert.Equal(t, false, outside.Facts[0].Attrs["listening"], "the port is the guest's alone")
}

// mixedQueries are fifty queries of the kind that rules ask.
func mixedQueries() []facts.Query {
	var all []facts.Query
	add := func(noun string, subjects ...string) {
		for _, s := range subjects {
			all = append(all, facts.Query{Noun: noun, Subject: s})
		}
	}
	add(facts.NounFile, "/etc/own", "/etc/passwd", "/etc/group", "/nope", "/fifo", "/magic", "/etc", "/proc", "/run", "/")
	add(facts.NounProcess, "guestinit", "nginx", "sshd", "cron", "systemd", "postgres", "bash", "sh")
	add(facts.NounPort, guestPort, "80", "443", "22", "udp:53", "tcp6:80")
	add(facts.NounMount, "/", "/proc", "/srv", "/var", "/tmp")
	add(facts.NounUser, "groot", "web", "root", "nobody")
	add(facts.NounGroup, "groot", "web", "adm")
	add(facts.NounKernelParam, "kernel.hostname", "net.ipv4.ip_forward", "vm.swappiness", "fs.file-max")
	add(facts.NounInterface, "lo", "eth0")
	add(facts.NounAddr, "tcp://127.0.0.1:1", "tcp://127.0.0.1:2")
	add(facts.NounHTTP, "http://127.0.0.1:1/", "http://127.0.0.1:2/")
	add(facts.NounCron, "root", "system", "/etc/crontab")
	add(facts.NounCertificate, "/etc/ssl/web.pem")
	return all
}

func BenchmarkJoinFiftyQueries(b *testing.B) {
	guest := startGuest(b)
	bin := buildProbe(b)
	req := facts.Request{Queries: mixedQueries()}
	require.Len(b, req.Queries, 50)
	fastest := time.Hour
	for b.Loop() {
		begin := time.Now()
		answer := runProbe(b, bin, req, guest)
		fastest = min(fastest, time.Since(begin))
		require.Len(b, answer.Facts, 50)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/run")
	b.ReportMetric(float64(fastest.Microseconds())/1000, "ms/fastest")
}
