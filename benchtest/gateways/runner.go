package gateways

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// The statuses of a ticket, in the order in which it goes through them. One
// whose job did not come to a good end goes back from in_progress to open.
const (
	Open       = "open"
	InProgress = "in_progress"
	Resolved   = "resolved"
)

// Runner is the gateway runner in its simplest form: the ticket lives in this
// process and goes straight to the engine. The zero value is ready, and it may
// be used concurrently.
type Runner struct{}

// Name is "runner".
func (Runner) Name() string { return "runner" }

// Dispatch opens a ticket, under a new ID where it has none, hands it to e and
// closes it with what came of it: resolved where the engine succeeded or found
// nothing to do, else open again. The job is good also beside an error.
func (Runner) Dispatch(ctx context.Context, e engines.Engine, w engines.Work) (rules.Job, error) {
	if w.Ticket.ID == "" {
		w.Ticket.ID = "RUN-" + rand.Text()[:10]
	}
	t := &ticket{id: w.Ticket.ID}
	t.move(Open, w.Ticket.Title)
	t.move(InProgress, "assigned to "+assignee(e, w))
	j, err := e.Work(ctx, w)
	t.close(j, err)
	j.Gateway = rules.GatewayRecord{ID: t.id, Status: t.status, Messages: t.messages, Summary: t.summary}
	return j, err
}

// ticket is one ask on its way.
type ticket struct {
	id, status, summary string
	messages            []string
}

func (t *ticket) move(status, why string) {
	t.status = status
	t.messages = append(t.messages, fmt.Sprintf("%s %s: %s", t.id, status, why))
}

func (t *ticket) close(j rules.Job, err error) {
	t.messages = append(t.messages, j.Messages...)
	t.summary = summary(j, err)
	if err == nil && (j.Resolution == rules.Success || j.Resolution == rules.NoAction) {
		t.move(Resolved, string(j.Resolution))
		return
	}
	t.move(Open, cmp.Or(string(j.Resolution), "the engine did not work"))
}

// summary is what the tasks came to, or the last that the engine said.
func summary(j rules.Job, err error) string {
	if err != nil {
		return err.Error()
	}
	var said []string
	for _, task := range j.Tasks {
		if task.Summary != "" {
			said = append(said, task.Summary)
		}
	}
	if len(said) == 0 && len(j.Messages) > 0 {
		said = j.Messages[len(j.Messages)-1:]
	}
	return strings.Join(said, "\n")
}

// assignee is whom the scenario names, or the engine.
func assignee(e engines.Engine, w engines.Work) string {
	var names []string
	for _, a := range w.Agents {
		if a.AgentName != "" {
			names = append(names, a.AgentName)
		}
	}
	return cmp.Or(strings.Join(names, ", "), e.Name())
}
