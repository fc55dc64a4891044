package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

const nginxRuns = "{label: nginx runs, service: nginx, expect: {running: true}}"

func TestHoldsAtFillsTheResult(t *testing.T) {
	t.Parallel()
	r := rule(t, "{label: nginx runs, service: nginx, required: false, expect: {running: true, enabled: true, restarts: {lt: 3}}}")
	f := fact(r, map[string]any{"running": true, "enabled": false, "restarts": 1})
	assert.Equal(t, rules.Result{
		Label: "nginx runs", Scope: rules.ScopeState, Status: fails, Host: "web1", Checkpoint: "held", Raw: "raw", Grade: "host",
		Expected: "enabled: true", Got: "enabled: false",
	}, r.HoldsAt(snap(facts.Held, 0, f), nil))
	f.Attrs["enabled"] = true
	assert.Equal(t, rules.Result{
		Label: "nginx runs", Scope: rules.ScopeState, Status: holds, Host: "web1", Checkpoint: "held", Raw: "raw", Grade: "host",
		Expected: "running: true; enabled: true; restarts: lt 3", Got: "running: true; enabled: true; restarts: 1",
	}, r.HoldsAt(snap(facts.Held, 0, f), nil))
}

func TestHoldsAtWithoutTheFact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule string
		snapshot   func(rules.State) facts.Snapshot
		want       rules.Status
		reason     string
	}{
		{"never asked", nginxRuns, func(rules.State) facts.Snapshot { return snap(facts.Held, 0) }, errored, `fact missing: service "nginx" was not asked for at held`},
		{"host gone", nginxRuns, func(rules.State) facts.Snapshot { return unreachable(facts.Held, 0) }, errored, "host web1 could not be asked: connection refused"},
		{"fact with an error", nginxRuns, func(r rules.State) facts.Snapshot {
			return snap(facts.Held, 0, facts.Fact{Query: r.Query, Attrs: map[string]any{"running": true}, Error: "no bus"})
		}, errored, `service "nginx" could not be asked: no bus`},
		{"complete inventory", nginxRuns, complete("service"), fails, ""},
		{"inventory of something else", nginxRuns, complete("port"), errored, "fact missing"},
		{"absence is wanted", "{label: l, package: telnetd, expect: {installed: false}}", complete("package"), holds, ""},
		{"absence is wanted of a port", "{label: l, port: 23, expect: {listening: false}}", complete("port"), holds, ""},
		{"nothing runs", "{label: l, process: miner, expect: {running: false, count: 0}}", complete("process"), holds, ""},
		{"what is absent has no other attribute", "{label: l, user: eve, expect: {shell: {not: {equal: /bin/sh}}}}", complete("user"), fails, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, negate := range []bool{false, true} {
				r := rule(t, c.rule)
				r.Negate = negate
				want := c.want
				if negate {
					want = map[rules.Status]rules.Status{holds: fails, fails: holds, errored: errored}[want]
				}
				res := r.HoldsAt(c.snapshot(r), nil)
				assert.Equal(t, want, res.Status, "negate: %v", negate)
				if c.reason != "" {
					assert.Contains(t, res.Reason, c.reason)
				}
			}
		})
	}
}

func complete(nouns ...string) func(rules.State) facts.Snapshot {
	return func(rules.State) facts.Snapshot {
		s := snap(facts.Held, 0)
		s.Complete = nouns
		return s
	}
}

func TestHoldsAtFindsTheInventorysSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule string
		stored     facts.Query
	}{
		{"unit with its suffix", nginxRuns, facts.Query{Noun: "service", Subject: "nginx.service"}},
		{"port with its protocol", "{label: l, port: 80, expect: {listening: true}}", facts.Query{Noun: "port", Subject: "tcp:80"}},
		{"a user makes no difference to an inventory", "{label: l, as: bob, package: curl, expect: {installed: true}}", facts.Query{Noun: "package", Subject: "curl"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, c.rule)
			s := snap(facts.Held, 0, facts.Fact{Query: c.stored, Attrs: map[string]any{"running": true, "listening": true, "installed": true}})
			s.Complete = []string{"service", "port", "package"}
			assert.Equal(t, holds, r.HoldsAt(s, nil).Status)
		})
	}
}

func TestHoldsAtNegated(t *testing.T) {
	t.Parallel()
	r := rule(t, "{label: l, negate: true, service: nginx, expect: {running: true, masked: true}}")
	res := r.HoldsAt(snap(facts.Held, 0, fact(r, map[string]any{"running": true, "masked": true})), nil)
	assert.Equal(t, fails, res.Status)
	assert.Equal(t, "not (running: true; masked: true)", res.Expected)
	assert.Equal(t, "running: true; masked: true", res.Got)
	res = r.HoldsAt(snap(facts.Held, 0, fact(r, map[string]any{"running": true, "masked": false})), nil)
	assert.Equal(t, holds, res.Status, "one that is wrong is enough for the whole not to hold")
}

func TestHoldsAtWithACutText(t *testing.T) {
	t.Parallel()
	for expect, want := range map[string]rules.Status{
		"{contents: [first]}":                                  holds,
		"{contents: {have-prefix: first}}":                     holds,
		"{contents: {and: [[first], {contain-substring: f}]}}": holds,
		"{contents: {contain-element: first}}":                 holds,
		"{contents: {or: [[first], {have-prefix: f}]}}":        holds,
		"{contents: {match-regexp: ^fir}}":                     holds,
		"{contents: {contain-elements: [first]}}":              holds,
		"{contents: {contain-elements: [first, last]}}":        errored,
		"{contents: [last]}":                                   errored,
		"{contents: ['!last']}":                                errored,
		"{contents: ['!first']}":                               errored,
		"{contents: {have-suffix: first}}":                     errored,
		"{contents: {have-len: 5}}":                            errored,
		"{contents: first}":                                    errored,
		"{contents: {not: {contain-substring: last}}}":         errored,
		"{contents: {consist-of: [first]}}":                    errored,
		"{size: 5}":                                            holds,
		"{contents: [last], size: 6}":                          fails,
	} {
		t.Run(expect, func(t *testing.T) {
			t.Parallel()
			r := rule(t, "{label: l, file: /f, expect: "+expect+"}")
			f := fact(r, map[string]any{"contents": "first", "size": 5})
			f.Truncated = true
			assert.Equal(t, want, r.HoldsAt(snap(facts.Held, 0, f), nil).Status)
		})
	}
}

func TestHoldsAtIsErroredAtTheMatchLimit(t *testing.T) {
	t.Parallel()
	r := rule(t, `{label: l, file: /f, expect: {contents: {match-regexp: '(?=a)(a+)+$'}}}`)
	res := r.HoldsAt(snap(facts.Held, 0, fact(r, map[string]any{"contents": strings.Repeat("a", 60) + "!"})), nil)
	assert.Equal(t, errored, res.Status)
	assert.Contains(t, res.Reason, "match limit")
}

func TestZeroStateIsErrored(t *testing.T) {
	t.Parallel()
	var r rules.State
	assert.Equal(t, errored, r.HoldsAt(snap(facts.Held, 0, facts.Fact{}), nil).Status)
	assert.False(t, r.CannotFail())
}

func TestRawIsBounded(t *testing.T) {
	t.Parallel()
	r := rule(t, nginxRuns)
	f := fact(r, map[string]any{"running": true})
	f.Raw = strings.Repeat("é", 1<<20)
	res := r.HoldsAt(snap(facts.Held, 0, f), nil)
	assert.Less(t, len(res.Raw), 5000)
	assert.True(t, strings.HasSuffix(res.Raw, "é..."))
}
