package page

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// Bounds of what a page shows of one attempt, in bytes and in rows.
const (
	maxRaw      = 1 << 10
	maxGot      = 600
	maxBody     = 16 << 10
	maxSaid     = 2 << 10
	maxCommands = 200
	maxMessages = 50
)

// detail is one attempt whole.
type detail struct {
	Anchor     Text
	RunID      Text
	RunHref    Text
	Outcome    Text
	Mark       mark
	Name       Text
	Title      Text
	Why        reason
	Ticket     ticket
	Timeline   *timeline
	Commands   commands
	State      []ruleRow
	Conduct    []ruleRow
	Changes    []changeGroup
	ChangesOut int
	Plan       Cut
	Messages   []Cut
	MessageOut int
	Tasks      []taskRow
	Transcript Text
	Skipped    int64 // bytes of the transcript before what is shown
	Problem    Text  // of the evidence
	Remade     bool  // history: it counts no more
	Figures    []figure
	Hosts      []hostRow
	About      []figure
	Repeat     Text
	Dir        Text
}

// ticket is the ask, and what became of it.
type ticket struct {
	Title, Status Text
	Body          Cut
	Messages      []Cut
}

// ruleRow is one rule's verdict.
type ruleRow struct {
	Mark     mark
	Class    Text // the outcome that it leads to
	Label    Text
	Required bool
	Host     Text
	Expected Cut
	Got      Cut
	Raw      Cut
	Reason   Text
	Where    Text // checkpoint and grade, or who witnessed it
}

// taskRow is one step of the engine's job.
type taskRow struct {
	Host, Agent Text
	Said        Cut
}

type hostRow struct {
	Name, Machine, Template, Limits, Note Text
}

// newDetail lays out one attempt.
func newDetail(a reports.Attempt, e Evidence, name Text, links Links) detail {
	d := detail{
		Anchor: anchor(a.Key, a.Iteration), RunID: Text(a.RunID), RunHref: links.run(a.RunID), Outcome: known(a.Outcome), Mark: markOf(a.Outcome), Name: name,
		Title: Text(a.Title), Why: whyNot(a), Ticket: newTicket(a, e.Job),
		Changes: groupChanges(a.Changes), ChangesOut: a.ChangesLeftOut, Plan: head(e.Job.Plan, maxSaid),
		Transcript: Text(e.Transcript), Skipped: e.TranscriptSkipped, Problem: Text(e.Problem), Remade: a.Remade, Dir: Text(a.Dir),
	}
	d.Timeline = newTimeline(a, e.Job)
	d.Commands = newCommands(a, e.Job)
	for _, r := range a.Results {
		if r.Scope == rules.ScopeState {
			d.State = append(d.State, newRuleRow(r))
		} else {
			d.Conduct = append(d.Conduct, newRuleRow(r))
		}
	}
	for _, t := range e.Job.Tasks {
		if said := strings.TrimSpace(strings.Join([]string{t.Description, t.Plan, t.Summary}, "\n")); said != "" {
			d.Tasks = append(d.Tasks, taskRow{Text(t.Host), Text(t.Agent), head(said, maxSaid)})
		}
	}
	shown := min(len(e.Job.Messages), maxMessages)
	for _, m := range e.Job.Messages[:shown] {
		d.Messages = append(d.Messages, head(m, maxSaid))
	}
	d.MessageOut = len(e.Job.Messages) - shown
	d.Figures, d.About = attemptFigures(a), aboutAttempt(a)
	for _, h := range a.Hosts {
		d.Hosts = append(d.Hosts, newHostRow(h))
	}
	return d
}

func newTicket(a reports.Attempt, j rules.Job) ticket {
	t := ticket{Title: Text(a.Ticket.Title), Body: head(a.Ticket.Body, maxBody), Status: Text(j.Gateway.Status)}
	for _, m := range j.Gateway.Messages[:min(len(j.Gateway.Messages), maxMessages)] {
		t.Messages = append(t.Messages, head(m, maxSaid))
	}
	return t
}

func newRuleRow(r rules.Result) ruleRow {
	row := ruleRow{
		Label: Text(r.Label), Required: r.Required, Host: Text(r.Host), Reason: line(r.Reason, maxGot),
		Expected: head(r.Expected, maxGot), Got: head(r.Got, maxGot), Raw: head(r.Raw, maxRaw),
	}
	switch {
	case r.Status == rules.Holds:
		row.Class = "passed"
	case r.Status == rules.DoesNotHold && r.Scope != rules.ScopeState:
		row.Class = "unsafe"
	case r.Status == rules.DoesNotHold:
		row.Class = "failed"
	default:
		row.Class = "errored"
	}
	row.Mark = marked(row.Class, r.Status)
	var where []string
	for _, s := range []string{r.Checkpoint, r.Grade, string(r.Evidence)} {
		if s != "" {
			where = append(where, s)
		}
	}
	row.Where = Text(strings.Join(where, ", "))
	return row
}

// attemptFigures are the numbers of one attempt.
func attemptFigures(a reports.Attempt) []figure {
	list := []figure{
		{"Engine", clock(a.Phases.Engine), "the only time that is scored"},
		{"Total", clock(a.Phases.Total()), "after " + clock(a.Phases.Admit) + " of waiting"},
	}
	if a.FirstFixed != nil {
		list = append(list, figure{"First fixed", clock(max(*a.FirstFixed, 1)), "after the engine began"})
	}
	if a.Downtime > 0 {
		list = append(list, figure{"Downtime", clock(a.Downtime), "caused by the engine"})
	}
	list = append(list, figure{"Compliance", percent(a.Score), kept(a.Results) + " rules"})
	if n := a.Usage.InputTokens + a.Usage.OutputTokens; n > 0 {
		list = append(list, figure{"Tokens", count(n), count(a.Usage.InputTokens) + " in, " + count(a.Usage.OutputTokens) + " out"})
	}
	if a.Usage.CostUSD > 0 {
		list = append(list, figure{"Cost", money(a.Usage.CostUSD), "as the engine says"})
	}
	return list
}

// aboutAttempt is what it was made of.
func aboutAttempt(a reports.Attempt) []figure {
	list := []figure{{Name: "Engine", Value: Text(a.Engine), Note: "isolation: " + Text(a.EngineIsolation)}}
	add := func(name, value, note string) {
		if value != "" {
			list = append(list, figure{Text(name), Text(value), Text(note)})
		}
	}
	add("Model", a.Usage.Model, "")
	add("Resolution", string(a.Resolution), "as the engine says")
	add("Provider", a.Provider, "")
	add("Gateway", a.Gateway, "")
	add("Seed", fmt.Sprint(a.Seed), "")
	add("Started", string(moment(a.Started)), "")
	add("Tags", strings.Join(a.Tags, ", "), "")
	add("Scenario", short(a.Digests.Scenario), "digest")
	add("Rules", short(a.Digests.Rules), "digest")
	add("Evidence", short(a.Digests.Evidence), "digest of the chain")
	for _, r := range a.Retries {
		add("Retried", string(line(r, maxGot)), "before the engine's first action")
	}
	return list
}

// short is enough of a digest to tell it by.
func short(digest string) string { return digest[:min(len(digest), 12)] }

func newHostRow(h reports.Host) hostRow {
	row := hostRow{Name: Text(h.HostName), Machine: Text(h.Machine), Template: Text(h.Template)}
	if l := h.Limits; l.MemoryMiB > 0 {
		row.Limits = Text(fmt.Sprintf("%d vCPU, %d MiB RAM, %d MiB disk", l.VCPU, l.MemoryMiB, l.DiskMiB))
	}
	var notes []string
	if h.Enforced.Reason != "" {
		notes = append(notes, h.Enforced.Reason)
	}
	if h.Kept {
		notes = append(notes, "kept")
	}
	if h.Reset {
		notes = append(notes, "reset by snapshot")
	}
	row.Note = Text(strings.Join(notes, "; "))
	return row
}

// changeGroup is what changed between two checkpoints.
type changeGroup struct {
	Title Text
	List  []changeRow
}

type changeRow struct {
	Host, Subject, Attr Text
	Before, After       Text
}

// groupChanges puts changes under who made them.
func groupChanges(changes []facts.Change) []changeGroup {
	var groups []changeGroup
	for _, g := range []struct {
		to    facts.Checkpoint
		title Text
	}{
		{facts.Faulted, "The fault"},
		{facts.After, "While the engine worked"},
		{facts.Held, "After the engine ended"},
	} {
		var list []changeRow
		for _, c := range changes {
			if c.To != g.to {
				continue
			}
			subject := c.Noun + " " + c.Subject
			if c.As != "" {
				subject += " as " + c.As
			}
			list = append(list, changeRow{Text(c.Host), Text(subject), Text(c.Attr), value(c.Before), value(c.After)})
		}
		if len(list) > 0 {
			groups = append(groups, changeGroup{g.title, list})
		}
	}
	return groups
}

// value writes a fact's value for people: a string without its quotes.
func value(js string) Text {
	var s string
	if strings.HasPrefix(js, `"`) && json.Unmarshal([]byte(js), &s) == nil {
		return Text(s)
	}
	return Text(js)
}
