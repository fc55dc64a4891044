package gateways

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// fake is an engine that answers with what it holds, and keeps its work.
type fake struct {
	job  rules.Job
	err  error
	work engines.Work
}

func (*fake) Name() string { return "fake" }

func (f *fake) Work(_ context.Context, w engines.Work) (rules.Job, error) {
	f.work = w
	return f.job, f.err
}

func TestRunner_Dispatch(t *testing.T) {
	t.Parallel()
	down := errors.New("model service is down")
	for _, tt := range []struct {
		name string
		job  rules.Job
		err  error
		want rules.GatewayRecord
	}{
		{
			"success",
			rules.Job{Resolution: rules.Success, Messages: []string{"looking"}, Tasks: []rules.Task{{Summary: "fixed web1"}, {}, {Summary: "fixed web2"}}},
			nil,
			rules.GatewayRecord{
				ID:     "INC1",
				Status: "resolved", Summary: "fixed web1\nfixed web2",
				Messages: []string{"INC1 open: Web server down", "INC1 in_progress: assigned to ops", "looking", "INC1 resolved: success"},
			},
		},
		{
			"no action",
			rules.Job{Resolution: rules.NoAction},
			nil,
			rules.GatewayRecord{ID: "INC1", Status: "resolved", Messages: []string{"INC1 open: Web server down", "INC1 in_progress: assigned to ops", "INC1 resolved: no_action"}},
		},
		{
			"failure",
			rules.Job{Resolution: rules.AgenticFailure, Messages: []string{"gave up"}},
			nil,
			rules.GatewayRecord{
				ID:     "INC1",
				Status: "open", Summary: "gave up",
				Messages: []string{"INC1 open: Web server down", "INC1 in_progress: assigned to ops", "gave up", "INC1 open: agentic_failure"},
			},
		},
		{
			"error",
			rules.Job{},
			down,
			rules.GatewayRecord{
				ID:     "INC1",
				Status: "open", Summary: "model service is down",
				Messages: []string{"INC1 open: Web server down", "INC1 in_progress: assigned to ops", "INC1 open: the engine did not work"},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := &fake{job: tt.job, err: tt.err}
			w := engines.Work{Ticket: engines.Ticket{ID: "INC1", Title: "Web server down"}, Agents: []scenario.Agent{{AgentName: "ops"}}}
			j, err := Runner{}.Dispatch(t.Context(), e, w)
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.want, j.Gateway)
			assert.Equal(t, tt.job.Resolution, j.Resolution)
			assert.Equal(t, w, e.work, "the engine gets the work as it is")
		})
	}
}

func TestRunner_Dispatch_makesID(t *testing.T) {
	t.Parallel()
	e := &fake{job: rules.Job{Resolution: rules.Success}}
	j, err := Runner{}.Dispatch(t.Context(), e, engines.Work{})
	require.NoError(t, err)
	assert.Regexp(t, `^RUN-[A-Z0-9]{10}$`, e.work.Ticket.ID)
	assert.Contains(t, j.Gateway.Messages[1], e.work.Ticket.ID+" in_progress: assigned to fake")
}

func TestNew(t *testing.T) {
	t.Parallel()
	g, err := New("runner")
	require.NoError(t, err)
	assert.Equal(t, "runner", g.Name())
	_, err = New("jira")
	require.EqualError(t, err, `gateway "jira" is unknown: have runner`)
}
