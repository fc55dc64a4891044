package engines

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers/ansible"
)

// playSolution applies solve.yml as the user agent. Each task that ran is an
// observed command: its module and arguments.
func playSolution(ctx context.Context, w Work) (rules.Job, error) {
	report, err := ansible.Run(ctx, ansible.Play{
		Playbook: w.Solve.Playbook, Files: w.Solution, Hosts: w.Hosts, SSHConfig: w.SSHConfig, User: "agent", Log: w.Log, Dir: w.Dir,
	})
	if errors.Is(err, ansible.ErrNotInstalled) {
		return rules.Job{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	for _, t := range report.Tasks {
		if w.Observe != nil && !t.Skipped && !t.Unreachable {
			w.Observe(rules.Command{Argv: t.Argv(), ExitStatus: t.ExitStatus, At: t.Started, Host: t.Host, Evidence: rules.Observed})
		}
	}
	j := rules.Job{Resolution: played(report, err)}
	summary := w.Solve.Playbook + " ran to its end"
	if j.Resolution != rules.Success {
		summary = cmp.Or(report.Failure(), tail(string(report.Output)))
		if err != nil {
			summary = err.Error()
		}
		j.Messages = []string{summary}
	}
	for _, host := range w.Hosts {
		j.Tasks = append(j.Tasks, rules.Task{Host: host, Agent: agentOf(w, host), Description: "reference fix: " + w.Solve.Playbook, Summary: summary})
	}
	return j, nil
}

// played maps how a playbook ended to the job's resolution.
func played(r ansible.Report, err error) rules.Resolution {
	const taskFailed = 2
	switch {
	case err != nil:
		return rules.HardFailure
	case r.ExitCode == 0 && r.Complete:
		return rules.Success
	case r.ExitCode == taskFailed:
		return rules.AgenticFailure
	}
	return rules.HardFailure
}
