package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// parse reads text as one state rule, problems and all.
func parse(t *testing.T, text string) (rules.State, []string) {
	t.Helper()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &n))
	r, problems := rules.ParseState(&n)
	return r, places(problems)
}

func places(problems []rules.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text))
	}
	return out
}

// rule reads a state rule that must be good.
func rule(t *testing.T, text string) rules.State {
	t.Helper()
	r, problems := parse(t, text)
	require.Empty(t, problems)
	return r
}

func complianceRule(t *testing.T, scope rules.Scope, text string) rules.Compliance {
	t.Helper()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &n))
	c, problems := rules.ParseCompliance(scope, &n)
	require.Empty(t, places(problems))
	return c
}

// fact answers r's question with attrs.
func fact(r rules.State, attrs map[string]any) facts.Fact {
	return facts.Fact{Query: r.Query, Grade: facts.GradeHost, Attrs: attrs, Raw: "raw"}
}

// snap is a snapshot of web1.
func snap(c facts.Checkpoint, since time.Duration, all ...facts.Fact) facts.Snapshot {
	return facts.NewSnapshot("web1", c, since, facts.Answer{Facts: all})
}

// unreachable is a snapshot of a host that did not answer.
func unreachable(c facts.Checkpoint, since time.Duration) facts.Snapshot {
	return facts.Snapshot{Host: "web1", Checkpoint: c, Since: since, Error: "connection refused"}
}
