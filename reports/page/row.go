package page

import (
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// A row is one attempt in the table of a run.
type row struct {
	Outcome    Text
	Mark       mark
	Name       Text
	Href       Text
	Title      Text
	Engine     Text // its time
	Total      Text
	Fixed      Text
	Compliance Text // "3 of 4"
	Tokens     Text
	Cost       Text
	Find       Text // what the filter looks in, lower case
}

// rows are the attempts of a run, those that a person has to look at first.
type rows struct {
	List         []row
	Tokens, Cost bool // some attempt has them
	Counts       []tallied
	Query        Query
}

// Query is the choice of attempts that an address makes.
type Query struct {
	Find    Text // in key, title, tags and reason
	Outcome Text
}

// Is reports whether the query chooses attempts that ended so; an option of
// the form is then marked.
func (q Query) Is(outcome Text) bool { return q.Outcome == outcome }

func newRows(attempts []reports.Attempt, q Query, links Links) rows {
	t := rows{Counts: tallyOutcomes(attempts), Query: q}
	repeated := repeats(attempts)
	for _, o := range shown() {
		for _, a := range attempts {
			if a.Outcome != o || q.Outcome != "" && Text(o) != q.Outcome {
				continue
			}
			r := newRow(a, named(a, repeated), links)
			if !strings.Contains(string(r.Find), strings.ToLower(string(q.Find))) {
				continue
			}
			t.Tokens = t.Tokens || r.Tokens != ""
			t.Cost = t.Cost || r.Cost != ""
			t.List = append(t.List, r)
		}
	}
	return t
}

func newRow(a reports.Attempt, name Text, links Links) row {
	r := row{
		Outcome: known(a.Outcome), Mark: markOf(a.Outcome), Name: name, Href: links.attempt(a.RunID, a.Key, a.Iteration), Title: Text(a.Title),
		Engine: clock(a.Phases.Engine), Total: clock(a.Phases.Total()), Fixed: "-",
		Compliance: kept(a.Results), Cost: money(a.Usage.CostUSD),
	}
	if len(a.Results) == 0 && a.Outcome.Scored() { // a database lists attempts without their rules
		r.Compliance = percent(a.Score)
	}
	if a.FirstFixed != nil {
		r.Fixed = clock(max(*a.FirstFixed, 1))
	}
	if n := a.Usage.InputTokens + a.Usage.OutputTokens; n > 0 {
		r.Tokens = count(n)
	}
	r.Find = Text(strings.ToLower(strings.Join([]string{a.Key, a.Title, strings.Join(a.Tags, " "), string(line(a.Reason, 200)), string(a.Outcome)}, " ")))
	return r
}

// kept is how many of the compliance rules hold, or "-" without any.
func kept(results []rules.Result) Text {
	holds, all := 0, 0
	for _, r := range results {
		if r.Scope == rules.ScopeState {
			continue
		}
		all++
		if r.Status == rules.Holds {
			holds++
		}
	}
	if all == 0 {
		return "-"
	}
	return Text(fmt.Sprintf("%d of %d", holds, all))
}
