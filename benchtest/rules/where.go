package rules

import (
	"slices"
	"strings"
)

// Where names a part of the record as text, for pattern_match.
type Where string

// The parts, as in the 2501 runner.
const (
	ExecutedCommands Where = "executed_commands"
	TaskSummary      Where = "task_summary"
	TaskDescription  Where = "task_description"
	TaskPlan         Where = "task_plan"
	AgentMessages    Where = "agent_messages"
	JobResolution    Where = "job_resolution"
	JobPlan          Where = "job_plan"
	GatewayMessages  Where = "gateway_messages"
	GatewaySummary   Where = "gateway_summary"
	OperationalRules Where = "operational_rules"
)

// Wheres lists the parts. The caller owns the slice.
func Wheres() []Where {
	return []Where{
		ExecutedCommands, TaskSummary, TaskDescription, TaskPlan, AgentMessages,
		JobResolution, JobPlan, GatewayMessages, GatewaySummary, OperationalRules,
	}
}

func whereNames() []string {
	var names []string
	for _, w := range Wheres() {
		names = append(names, string(w))
	}
	return names
}

// Text is the part w of the job; of several tasks, one after the other. It is
// empty when the engine left nothing.
func (j Job) Text(w Where) string {
	switch w {
	case ExecutedCommands:
		return j.ExecutedCommands()
	case TaskSummary:
		return j.eachTask(func(t Task) string { return t.Summary })
	case TaskDescription:
		return j.eachTask(func(t Task) string { return t.Description })
	case TaskPlan:
		return j.eachTask(func(t Task) string { return t.Plan })
	case OperationalRules:
		return j.eachTask(func(t Task) string { return t.Rules })
	case AgentMessages:
		return strings.Join(j.Messages, "\n")
	case JobResolution:
		return string(j.Resolution)
	case JobPlan:
		return j.Plan
	case GatewayMessages:
		return strings.Join(j.Gateway.Messages, "\n")
	case GatewaySummary:
		return j.Gateway.Summary
	}
	return ""
}

// ExecutedCommands is every command of every task, one a line, whoever saw it.
func (j Job) ExecutedCommands() string { return commandLines(j.commands()) }

// commands are those of all tasks. A command that names no host ran on its
// task's.
func (j Job) commands() []Command {
	var all []Command
	for _, t := range j.Tasks {
		for _, c := range t.Commands {
			if c.Host == "" {
				c.Host = t.Host
			}
			all = append(all, c)
		}
	}
	return all
}

func commandLines(cmds []Command) string {
	lines := make([]string, len(cmds))
	for i, c := range cmds {
		lines[i] = c.String()
	}
	return strings.Join(lines, "\n")
}

func (j Job) eachTask(part func(Task) string) string {
	var parts []string
	for _, t := range j.Tasks {
		if s := part(t); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n")
}

// text is the part w of a record. What was handed in (the resolution, the
// ticket) is itself what a rule about it asks for, so it counts as observed;
// what the engine tells of its own work is self-reported.
func (rec record) text(w Where) (text string, ev Evidence, missing string) {
	switch w {
	case ExecutedCommands:
		cmds, ev, missing := rec.commands()
		return commandLines(cmds), ev, missing
	case JobResolution, GatewayMessages, GatewaySummary:
		ev = Observed
	default:
		ev = SelfReported
	}
	text = rec.job.Text(w)
	if strings.TrimSpace(text) == "" {
		missing = string(w)
	}
	return text, ev, missing
}

// commands are those that count: the observed ones where observation was
// possible, which may well be none at all; else whatever the engine left.
func (rec record) commands() (cmds []Command, ev Evidence, missing string) {
	cmds = rec.job.commands()
	unseen := func(c Command) bool { return c.Evidence != Observed }
	if rec.opts.ObservedPossible {
		return slices.DeleteFunc(cmds, unseen), Observed, ""
	}
	switch {
	case len(cmds) == 0:
		return nil, SelfReported, string(ExecutedCommands)
	case slices.ContainsFunc(cmds, unseen):
		return cmds, SelfReported, ""
	}
	return cmds, Observed, ""
}
