package providertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
)

// testNetwork: the hosts of one attempt reach each other by name, and those
// of another attempt do not.
func (s *suite) testNetwork(t *testing.T) {
	s.need(t, "Network", s.Caps.Network)
	t.Parallel()
	p := s.New(t)
	net, ok := p.(providers.Networker)
	require.True(t, ok, "Caps.Network is set, and the provider is no Networker")
	names := []string{"web1", "db1", "other"}
	machines, boxes := map[string]providers.Machine{}, map[string]*providers.Sandbox{}
	for _, name := range names {
		m, keys := s.clone(t, p, name)
		machines[name], boxes[name] = m, s.open(t, m, name, providers.AccessTo(m, keys, "root"))
	}
	for _, name := range names {
		require.NoError(t, boxes[name].WaitReady(s.patience(t)))
	}
	attempt := "benchtest-" + s.run + "-net"
	pair := map[string]providers.Machine{"web1": machines["web1"], "db1": machines["db1"]}
	for range 2 {
		require.NoError(t, net.Connect(s.patience(t), attempt, pair))
	}
	t.Cleanup(func() { assert.NoError(t, net.Disconnect(context.WithoutCancel(t.Context()), attempt)) })
	for from, to := range map[string]string{"web1": "db1", "db1": "web1"} {
		assert.Contains(t, s.banner(t, boxes[from], to), "SSH-2.0", "from %s to %s", from, to)
	}
	assert.Empty(t, s.banner(t, boxes["web1"], "other"), "a host that is not of the attempt")
	assert.Empty(t, s.banner(t, boxes["other"], "web1"))
	for range 2 {
		require.NoError(t, net.Disconnect(s.patience(t), attempt))
	}
}

// banner is what host's SSH server says to sb, if it can be reached.
func (s *suite) banner(t *testing.T, sb *providers.Sandbox, host string) string {
	t.Helper()
	r, err := sb.Exec(t.Context(), providers.Command{
		Argv:  []string{"timeout", "5", "bash", "-c", `exec 3<>"/dev/tcp/$1/22" && IFS= read -r l <&3 && echo "$l"`, "bash", host},
		Limit: 10 * time.Second,
	})
	require.NoError(t, err)
	return string(r.Stdout)
}

// testNoWayOut: without a network a machine has no default route and reaches
// no address of the world, at once.
func (s *suite) testNoWayOut(t *testing.T) {
	s.need(t, "Network", s.Caps.Network)
	t.Parallel()
	_, sb := s.ready(t)
	assert.Empty(t, s.shell(t, sb, `awk '$2 == "00000000"' /proc/net/route`), "default routes")
	r, err := sb.Exec(t.Context(), providers.Command{
		Argv:  []string{"bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/80"},
		Limit: 5 * time.Second,
	})
	require.NoError(t, err)
	assert.False(t, r.TimedOut, "no route is an answer, a silence is not")
	assert.NotZero(t, r.ExitStatus)
}

// testFacts: one answer, in order, of facts from outside and of a guest
// program, and nothing of it is the guest program's but its own.
func (s *suite) testFacts(t *testing.T) {
	s.need(t, "Probe or Caps.SSHFacts", s.Caps.Probe || s.Caps.SSHFacts)
	t.Parallel()
	m, sb := s.ready(t)
	_, ok := m.(providers.Prober)
	require.Equal(t, s.Caps.Probe, ok, "whether the machine is a Prober")
	queries := []facts.Query{
		{Noun: facts.NounCommand, Subject: "echo out; exit 4"},
		{Noun: facts.NounService, Subject: s.Service},
		{Noun: facts.NounFile, Subject: "/etc/passwd"},
		{Noun: facts.NounFile, Subject: "/no/such/file"},
	}
	a, err := sb.Facts(s.patience(t), facts.Request{Queries: queries})
	require.NoError(t, err)
	require.Len(t, a.Facts, len(queries))
	for i, f := range a.Facts {
		assert.Equal(t, queries[i], f.Query)
		assert.Empty(t, f.Error, f.Query.ID())
		assert.Equal(t, i == 0, f.Grade == facts.GradeGuestRun, "grade %s of %s", f.Grade, f.Query.ID())
		assert.Equal(t, i > 0 && !s.Caps.Probe, f.Grade == facts.GradeGuestSSH, "grade %s of %s", f.Grade, f.Query.ID())
	}
	assert.EqualValues(t, 4, a.Facts[0].Attrs["exit-status"])
	assert.Equal(t, true, a.Facts[1].Attrs["running"])
	assert.Equal(t, true, a.Facts[2].Attrs["exists"])
	assert.Equal(t, false, a.Facts[3].Attrs["exists"])
	assert.WithinDuration(t, time.Now(), a.At, s.Patience)

	all, err := sb.Facts(s.patience(t), facts.Request{Superset: true, Queries: queries[1:2]})
	require.NoError(t, err)
	require.NotEmpty(t, all.Facts)
	assert.Equal(t, queries[1], all.Facts[0].Query)
	left := s.shell(t, sb, `ls /run/benchtest/probe-* /dev/shm/benchtest/probe-* /var/lib/benchtest/probe-* 2>/dev/null || true`)
	assert.Empty(t, left, "a probe that can be replaced")
}
