package engines

import (
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// FillTasks puts the observed commands of an attempt into its job record, and
// marks whatever was there before as self-reported: an engine cannot vouch for
// itself. An engine that acted but left no tasks gets one task a host; one that
// left some gets each command in its task on that host, or in its first one.
func FillTasks(j *rules.Job, observed []rules.Command) {
	var said []rules.Command
	for i := range j.Tasks {
		for k := range j.Tasks[i].Commands {
			j.Tasks[i].Commands[k].Evidence = rules.SelfReported
		}
	}
	if len(observed) == 0 {
		return
	}
	if !slices.ContainsFunc(j.Tasks, described) {
		for _, t := range j.Tasks {
			said = append(said, t.Commands...)
		}
		j.Tasks = hostTasks(observed)
		j.Tasks[0].Commands = append(j.Tasks[0].Commands, said...)
		return
	}
	for _, c := range observed {
		at := slices.IndexFunc(j.Tasks, func(t rules.Task) bool { return t.Host == c.Host })
		at = max(at, 0)
		c.Evidence = rules.Observed
		j.Tasks[at].Commands = append(j.Tasks[at].Commands, c)
	}
}

// described tells a task that the engine left from a mere list of commands,
// which is what a transcript yields.
func described(t rules.Task) bool {
	return t.Host != "" || t.Agent != "" || t.Description != "" || t.Plan != "" || t.Summary != "" || t.Rules != ""
}

// hostTasks makes one task a host, in the order in which hosts were first acted on.
func hostTasks(observed []rules.Command) []rules.Task {
	var tasks []rules.Task
	for _, c := range observed {
		c.Evidence = rules.Observed
		at := slices.IndexFunc(tasks, func(t rules.Task) bool { return t.Host == c.Host })
		if at < 0 {
			at = len(tasks)
			tasks = append(tasks, rules.Task{Host: c.Host})
		}
		tasks[at].Commands = append(tasks[at].Commands, c)
	}
	return tasks
}
