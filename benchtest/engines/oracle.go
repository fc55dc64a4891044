package engines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Solver is the engine oracle: it applies the scenario's reference fix, solve.sh
// as the user agent on each host, and leaves a task a host. It proves that the
// scenario can be solved, and needs no key.
type Solver struct{}

// Name is "oracle".
func (Solver) Name() string { return "oracle" }

// ShownSolution makes Solver an Oracle.
func (Solver) ShownSolution() {}

// Work runs the fix on one host after the other, in the scenario's order, and
// stops at the first that does not end well. Without a fix it takes no action.
func (Solver) Work(ctx context.Context, w Work) (rules.Job, error) {
	j := rules.Job{Resolution: rules.NoAction}
	if w.Solve.None() {
		return j, nil
	}
	if w.Solution == nil {
		return j, fmt.Errorf("%w: the oracle was not shown the solution", ErrNotStarted)
	}
	if w.Solve.Playbook != "" {
		return playSolution(ctx, w)
	}
	for _, host := range w.Hosts {
		file := w.Solve.For(host)
		if file == "" {
			continue
		}
		task, err := solveHost(ctx, w, host, file)
		if errors.Is(err, ErrNotStarted) && len(j.Tasks) == 0 {
			return j, err
		}
		j.Tasks = append(j.Tasks, task)
		if j.Resolution = solved(err); j.Resolution != rules.Success {
			j.Messages = append(j.Messages, err.Error())
			_, _ = fmt.Fprintln(w.Log, err) // the job says the same
			break
		}
	}
	return j, nil
}

// exitError is a fix that ran and said that it did not work.
type exitError struct {
	file, host string
	status     int
	signal     string
	stderr     string
}

func (e *exitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.status)
	if e.signal != "" {
		how = "signal " + e.signal
	}
	return strings.TrimSuffix(fmt.Sprintf("%s on %s: %s: %s", e.file, e.host, how, e.stderr), ": ")
}

// solved maps how the fix ended to the job's resolution.
func solved(err error) rules.Resolution {
	if err == nil {
		return rules.Success
	}
	if _, ran := errors.AsType[*exitError](err); ran {
		return rules.AgenticFailure
	}
	return rules.HardFailure
}

// solveHost runs one file of the fix on one host.
func solveHost(ctx context.Context, w Work, host, file string) (rules.Task, error) {
	task := rules.Task{Host: host, Agent: agentOf(w, host), Description: "reference fix: " + file}
	r := w.Sandboxes[host]
	if r == nil {
		return task, fmt.Errorf("%w: there is no host %s", ErrNotStarted, host)
	}
	s := &script{work: w, runner: r, file: file}
	res, err := s.run(ctx)
	switch {
	case err != nil:
		err = fmt.Errorf("run %s on %s: %w", file, host, err)
		task.Summary = err.Error()
	case res.ExitStatus != 0:
		failed := &exitError{file: file, host: host, status: res.ExitStatus, signal: res.Signal, stderr: tail(string(res.Stderr))}
		task.Summary, err = failed.Error(), failed
	default:
		task.Summary = cmp.Or(tail(string(res.Stdout)), file+" ended with exit status 0")
	}
	return task, err
}

// agentOf is the agent that the scenario puts on host, if any.
func agentOf(w Work, host string) string {
	for _, a := range w.Agents {
		if a.HostName == host {
			return a.AgentName
		}
	}
	return ""
}

// maxSummary bounds what of a program's output goes into a job, in bytes.
const maxSummary = 4 << 10

// tail is the end of s, from the beginning of a line where it is cut.
func tail(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "\ufffd")
	if len(s) <= maxSummary {
		return s
	}
	s = s[len(s)-maxSummary:]
	if _, rest, ok := strings.Cut(s, "\n"); ok {
		s = rest
	}
	return strings.ToValidUTF8(s, "")
}
