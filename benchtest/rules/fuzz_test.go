package rules_test

import (
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Whatever a rule says, reading it does not panic, and a rule without problems
// can be judged and reads back from its source as the same rule.
func FuzzParseState(f *testing.F) {
	for _, seed := range []string{
		nginxRuns,
		"{label: l, http: u, headers: {A: b}, expect: {status: {or: [200, {between: [300, 399]}]}, body: [x, '!/y/', {gjson: {a.b: {have-len: 1}}}]}}",
		"{label: l, file: /f, expect: {mode: {unchanged-since: healthy}, contents: {consist-of: [a, {not: {have-suffix: b}}]}}}",
		"{label: l, package: p, expect: {versions: {semver-constraint: '>= 1'}}}",
		"{label: &a l, command: *a, expect: {stdout: [!x y], exit-status: 0x1}, <<: {a: b}}",
	} {
		f.Add(seed, "text\n")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		var n yaml.Node
		if yaml.Unmarshal([]byte(text), &n) != nil {
			return
		}
		r, problems := rules.ParseState(&n)
		attrs := map[string]any{}
		noun, _ := facts.LookupNoun(r.Query.Noun)
		for _, a := range noun.Attrs {
			attrs[a.Name] = value
		}
		now := snap(facts.Held, 0, facts.Fact{Query: r.Query, Attrs: attrs})
		res := r.HoldsAt(now, map[facts.Checkpoint]facts.Snapshot{facts.Healthy: now})
		if len(problems) > 0 {
			return
		}
		back, err := rules.StateFromSource(r.Source)
		if err != nil {
			t.Fatalf("source of a good rule: %v\n%s", err, r.Source)
		}
		again := back.HoldsAt(now, map[facts.Checkpoint]facts.Snapshot{facts.Healthy: now})
		if back.Source != r.Source || again.Status != res.Status {
			t.Fatalf("another rule came back: %s, then %s\n%s\n%s", res.Status, again.Status, r.Source, back.Source)
		}
	})
}

// Whatever a job record says, reading and judging it does not panic, and what
// was read is written again.
func FuzzParseJob(f *testing.F) {
	f.Add([]byte(`{"resolution": "success", "tasks": [{"commands": [{"argv": ["sh", "-c", "sudo nginx -t; x=$(y)"]}]}], "x": 1}`))
	f.Add([]byte(`{"messages": ["m"], "usage": {"turns": 1}}`))
	command, problems := rules.ParseCompliance(rules.ScopeTasks, node(f, "{label: l, validator: command, argv: [nginx, -t]}"))
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := rules.ParseJob(b)
		if err != nil {
			return
		}
		command.Check(j, rules.CheckOptions{})
		again, err := j.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rules.ParseJob(again); err != nil {
			t.Fatalf("read what was written: %v\n%s", err, again)
		}
	})
}

func node(tb testing.TB, text string) *yaml.Node {
	tb.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		tb.Fatal(err)
	}
	return &n
}
