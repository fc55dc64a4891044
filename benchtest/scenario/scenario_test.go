package scenario

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// suite loads testdata/suite: one scenario in our own format, one made of 2501
// fields alone, and one without hosts.
func suite(t *testing.T) []*Scenario {
	t.Helper()
	loaded, problems := Load(os.DirFS("testdata/suite"), LoadOptions{Templates: []string{"debian-base", "debian-nginx"}})
	require.NoError(t, problems.Err())
	require.Empty(t, problems)
	require.Len(t, loaded, 3)
	return loaded
}

func byKey(t *testing.T, key string) *Scenario {
	t.Helper()
	chosen, err := Select(suite(t), key)
	require.NoError(t, err)
	require.Len(t, chosen, 1)
	return chosen[0]
}

func TestLoadNative(t *testing.T) {
	t.Parallel()
	s := byKey(t, "nginx/001-broken-config")
	assert.Equal(t, "nginx", s.Group)
	assert.Equal(t, "001-broken-config", s.Name)
	assert.Equal(t, "nginx/001-broken-config", s.Dir)
	assert.Equal(t, "nginx/001-broken-config/scenario.yaml", s.File)
	assert.Equal(t, "nginx fails to start after a configuration change", s.Title)
	assert.Equal(t, "Internal note.", s.Description)
	assert.Equal(t, "The nginx web server on web1 is not running. Find out why, repair it, and make sure it serves traffic on port 80.\n", s.TicketBody)
	assert.Equal(t, []string{"nginx", "config", "smoke"}, s.Tags)
	assert.Equal(t, []Host{{HostName: "web1", Template: "debian-nginx"}}, s.Hosts)
	assert.Equal(t, []Agent{{AgentName: "ops", HostName: "web1", SpecialtyKey: "SERVICES_MANAGER"}}, s.Agents)
	assert.Equal(t, Timeouts{
		Ready: 90 * time.Second, Prepare: 2 * time.Minute, Engine: 15 * time.Minute, Hold: 40 * time.Second, Release: time.Minute,
	}, s.Timeouts)
	assert.Equal(t, ExpectFixed, s.Expect)
	assert.Equal(t, "open", s.Network)
	assert.Equal(t, "the fix may reinstall nginx", s.IntegrityOff)
	assert.Equal(t, Scripts{
		Prepare: Step{Shell: "prepare.sh"},
		Solve:   Step{PerHost: map[string]string{"web1": "solve.web1.sh"}},
	}, s.Scripts)
	assert.Equal(t, map[string][]string{"all": {"web1"}, "web": {"web1"}, "front": {"web1"}}, s.Groups)
	require.Len(t, s.State, 3)
	assert.Equal(t, "nginx is active", s.State[0].Label)
	assert.Equal(t, 20*time.Second, s.State[0].Within)
	assert.Equal(t, rules.BeforeHolds, s.State[2].Before)
	require.Len(t, s.Compliance, 2)
	assert.Equal(t, rules.ScopeJob, s.Compliance[0].Scope)
	_, err := s.FS.Open("files/site.conf")
	assert.NoError(t, err)
}

func TestLoad2501(t *testing.T) {
	t.Parallel()
	s := byKey(t, "nginx-broken-config")
	assert.Equal(t, "ops", s.Group, "a key without a slash belongs to its parent directory")
	assert.Equal(t, "nginx-broken-config", s.Name)
	assert.Equal(t, "The configuration has an unknown directive. 😀", s.Description)
	assert.Equal(t, []Host{{HostName: "web1", HostID: "hst_1"}, {HostName: "web2", Template: "debian-base"}}, s.Hosts)
	assert.Equal(t, []Agent{{AgentID: "agt_1", HostName: "web1"}, {AgentName: "ops", HostName: "web2", SpecialtyKey: "SERVICES_MANAGER"}}, s.Agents)
	assert.Equal(t, Scripts{Prepare: Step{Playbook: "prepare.yml"}, Validate: Step{Playbook: "validate.yml"}}, s.Scripts)
	assert.Equal(t, map[string][]string{"ungrouped": {"web1"}, "web": {"web1", "web2"}, "everything": {"web1", "web2"}}, s.Groups)
	assert.Equal(t, ExpectFixed, s.Expect)
	assert.Equal(t, "none", s.Network)
	require.Len(t, s.Compliance, 4)
	assert.False(t, s.Compliance[1].Required)
	assert.Equal(t, rules.ScopeTasks, s.Compliance[3].Scope)
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	s := byKey(t, "dns/001-nothing-wrong")
	assert.Equal(t, []Host{{HostName: "target", Template: "debian-base"}}, s.Hosts)
	assert.Equal(t, ExpectNoAction, s.Expect)
	assert.Nil(t, s.Groups)
	assert.Zero(t, s.Timeouts)
}

func TestTicket(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 58, 0, 0, time.FixedZone("", 3600))
	for _, test := range []struct{ name, body, want string }{
		{"none", "as it is $1 {{other}}", "as it is $1 {{other}}"},
		{"replaced", "at {{schedule_time}}!", "at 2026-01-02T03:03:00Z!"},
		{"twice, spaced", "{{ schedule_time }}{{schedule_time}}", "2026-01-02T03:03:00Z2026-01-02T03:03:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &Scenario{TicketTitle: "T " + test.body, TicketBody: test.body}
			title, body := s.Ticket(now)
			assert.Equal(t, "T "+test.want, title)
			assert.Equal(t, test.want, body)
		})
	}
}

func TestStepFor(t *testing.T) {
	t.Parallel()
	s := Step{Shell: "prepare.sh", PerHost: map[string]string{"web1": "prepare.web1.sh"}}
	assert.Equal(t, "prepare.web1.sh", s.For("web1"))
	assert.Equal(t, "prepare.sh", s.For("web2"))
	assert.False(t, s.None())
	assert.True(t, Step{}.None())
}
