package page

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// commands are those that ran on the machines, in order of time.
type commands struct {
	List []commandRow
	Left int // how many more there are
	// Reported: some were not observed, only reported by the engine.
	Reported bool
}

type commandRow struct {
	At       Text // since the engine began
	Host     Text
	Line     Cut
	Exit     Text
	Failed   bool
	Reported bool // by the engine alone
}

const maxArgv = 500

func newCommands(a reports.Attempt, j rules.Job) commands {
	all := ran(j)
	begin := engineBegan(a)
	var c commands
	for _, cmd := range all[:min(len(all), maxCommands)] {
		row := commandRow{Host: Text(cmd.Host), Line: head(cmd.String(), maxArgv), Reported: cmd.Evidence != rules.Observed}
		if !cmd.At.IsZero() && !begin.IsZero() {
			row.At = "+" + offset(cmd.At.Sub(begin))
		}
		if cmd.ExitStatus != nil {
			row.Exit, row.Failed = Text(strconv.Itoa(*cmd.ExitStatus)), *cmd.ExitStatus != 0
		}
		c.Reported = c.Reported || row.Reported
		c.List = append(c.List, row)
	}
	c.Left = len(all) - len(c.List)
	return c
}

// ran is every command of a job, in order of time; those without keep their place.
func ran(j rules.Job) []rules.Command {
	var all []rules.Command
	for _, t := range j.Tasks {
		for _, c := range t.Commands {
			c.Host = cmp.Or(c.Host, t.Host)
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b rules.Command) int {
		if a.At.IsZero() || b.At.IsZero() {
			return 0
		}
		return a.At.Compare(b.At)
	})
	return all
}

// offset writes a time since something, to the tenth of a second.
func offset(d time.Duration) Text {
	return Text(strconv.FormatFloat(max(d, 0).Seconds(), 'f', 1, 64) + "s")
}

// engineBegan is when the engine began, by the clocks of the phases before it.
func engineBegan(a reports.Attempt) time.Time {
	if a.Started.IsZero() {
		return time.Time{}
	}
	p := a.Phases
	return a.Started.Add(p.Admit + p.Handover + p.Ready + p.Restore + p.Prepare + p.Control)
}
