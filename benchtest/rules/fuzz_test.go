package rules_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// patience is many match limits: a fuzzing machine is busy.
const patience = 10 * time.Second

// FuzzParseState: a rule is refused at a place, or it can be judged in time and
// reads back from its source as the same rule.
func FuzzParseState(f *testing.F) {
	f.Fuzz(func(t *testing.T, text, value string) {
		var n yaml.Node
		if yaml.Unmarshal([]byte(text), &n) != nil {
			return
		}
		r, problems := rules.ParseState(&n)
		requirePlaces(t, text, problems)
		attrs := map[string]any{}
		noun, _ := facts.LookupNoun(r.Query.Noun)
		for _, a := range noun.Attrs {
			attrs[a.Name] = value
		}
		now := snap(facts.Held, 0, facts.Fact{Query: r.Query, Attrs: attrs})
		start := time.Now()
		res := r.HoldsAt(now, map[facts.Checkpoint]facts.Snapshot{facts.Healthy: now})
		require.Less(t, time.Since(start), patience)
		if len(problems) > 0 {
			return
		}
		back, err := rules.StateFromSource(r.Source)
		require.NoError(t, err, "source of a good rule:\n%s", r.Source)
		require.Equal(t, r.Source, back.Source)
		again := back.HoldsAt(now, map[facts.Checkpoint]facts.Snapshot{facts.Healthy: now})
		if !strings.Contains(res.Reason+again.Reason, rules.ErrMatchLimit.Error()) { // which a clock decides
			require.Equal(t, res.Status, again.Status) // the source has its keys sorted
		}
	})
}

// FuzzParseCompliance: likewise, of the other kind.
func FuzzParseCompliance(f *testing.F) {
	scopes := []rules.Scope{rules.ScopeGateway, rules.ScopeJob, rules.ScopeTasks, rules.ScopeState}
	f.Fuzz(func(t *testing.T, scope uint8, text, command, message string) {
		var n yaml.Node
		if yaml.Unmarshal([]byte(text), &n) != nil {
			return
		}
		c, problems := rules.ParseCompliance(scopes[int(scope)%len(scopes)], &n)
		requirePlaces(t, text, problems)
		j := rules.Job{
			Resolution: rules.Success, Messages: []string{message}, Plan: message, Usage: rules.Usage{Turns: 3},
			Tasks: []rules.Task{{Host: "web1", Summary: message, Commands: []rules.Command{
				{Argv: strings.Fields(command), Evidence: rules.Observed}, {Argv: []string{"bash", "-c", command}, Evidence: rules.SelfReported},
			}}},
		}
		start := time.Now()
		res := c.Check(j, rules.CheckOptions{Duration: time.Minute})
		require.Less(t, time.Since(start), patience)
		if len(problems) > 0 {
			require.Equal(t, rules.RuleErrored, res.Status, "half a rule must not judge")
			return
		}
		back, err := rules.ComplianceFromSource(c.Scope, c.Source)
		require.NoError(t, err, "source of a good rule:\n%s", c.Source)
		require.Equal(t, c.Source, back.Source)
		again := back.Check(j, rules.CheckOptions{Duration: time.Minute})
		if !strings.Contains(res.Reason+again.Reason, rules.ErrMatchLimit.Error()) {
			require.Equal(t, res.Status, again.Status)
		}
	})
}

// requirePlaces: each problem says something about a place in the text.
func requirePlaces(t *testing.T, text string, problems []rules.Problem) {
	t.Helper()
	lines := 2 // the end of a text without a newline is the line after it
	for _, r := range text {
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) { // where YAML ends a line
			lines++
		}
	}
	for _, p := range problems {
		require.NotEmpty(t, p.Text)
		require.GreaterOrEqual(t, p.Line, 0)
		require.LessOrEqual(t, p.Line, lines, "%s", p.Text)
		require.LessOrEqual(t, p.Column, utf8.RuneCountInString(text)+1, "%s", p.Text)
	}
}

// FuzzCompile: a pattern is refused, or it gives one answer within its limit;
// one that is only quoted text finds that text, by either engine.
func FuzzCompile(f *testing.F) {
	f.Fuzz(func(t *testing.T, expr, text string, fold bool) {
		start := time.Now()
		p, err := rules.Compile(expr, fold)
		require.Less(t, time.Since(start), patience)
		if err != nil {
			require.ErrorContains(t, err, "compile pattern: ")
			require.Equal(t, rules.Pattern{}, p)
		} else {
			matchInTime(t, p, expr, text)
		}
		if !utf8.ValidString(text) {
			return // no pattern can hold it
		}
		for _, engine := range []string{"", "(?=)"} {
			p, err := rules.Compile(engine+regexp.QuoteMeta(text), fold)
			require.NoError(t, err)
			ok, err := p.MatchString("a" + text + "b")
			require.NoError(t, err)
			require.True(t, ok, "%s in its own text", p)
		}
	})
}

// matchInTime matches twice and compares.
func matchInTime(t *testing.T, p rules.Pattern, expr, text string) {
	t.Helper()
	require.Equal(t, "/"+expr+"/", p.String())
	start := time.Now()
	first, err := p.MatchString(text)
	require.Less(t, time.Since(start), patience)
	if err != nil {
		require.ErrorIs(t, err, rules.ErrMatchLimit)
		require.False(t, first)
		return
	}
	second, err := p.MatchString(text)
	if err == nil { // the second may be the slower one
		require.Equal(t, first, second)
	}
}

// FuzzParseJob: a job record is refused, or it is the engine's word throughout,
// can be judged, and is written as it was read.
func FuzzParseJob(f *testing.F) {
	command, problems := rules.ParseCompliance(rules.ScopeTasks, node(f, "{label: l, validator: command, argv: [nginx, -t]}"))
	require.Empty(f, problems)
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := rules.ParseJob(b)
		if err != nil {
			require.ErrorContains(t, err, "read job record: ")
			return
		}
		for _, task := range j.Tasks {
			for _, c := range task.Commands {
				require.Equal(t, rules.SelfReported, c.Evidence)
			}
		}
		start := time.Now()
		command.Check(j, rules.CheckOptions{})
		require.Less(t, time.Since(start), patience)
		res := command.Check(j, rules.CheckOptions{ObservedPossible: true})
		require.NotEqual(t, rules.Holds, res.Status, "nothing was observed")
		again, err := json.Marshal(j)
		require.NoError(t, err)
		back, err := rules.ParseJob(again)
		require.NoError(t, err, "%s", again)
		for _, job := range []*rules.Job{&j, &back} { // Marshal compacts what it does not know
			for name, raw := range job.Rest {
				job.Rest[name], err = json.Marshal(raw)
				require.NoError(t, err)
			}
		}
		written, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(again), string(written))
		require.Equal(t, j.Rest, back.Rest)
	})
}

func node(tb testing.TB, text string) *yaml.Node {
	tb.Helper()
	var n yaml.Node
	require.NoError(tb, yaml.Unmarshal([]byte(text), &n))
	return &n
}
