package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// evidence reads one letter a moment: faulted, after, one letter a second, held.
// h and f answer, x is a host that cannot be asked, m a fact that was not asked.
func evidence(r rules.State, faulted rune, window string) rules.StateEvidence {
	at := func(c facts.Checkpoint, since time.Duration, letter rune) facts.Snapshot {
		switch letter {
		case 'x':
			return unreachable(c, since)
		case 'm':
			return snap(c, since)
		}
		return snap(c, since, fact(r, map[string]any{"running": letter == 'h'}))
	}
	last := len(window) - 1
	e := rules.StateEvidence{EngineActed: true, ProviderWell: true, Faulted: at(facts.Faulted, -time.Hour, faulted)}
	e.After = at(facts.After, 0, rune(window[0]))
	for i, letter := range window[1:last] {
		e.Samples = append(e.Samples, at(facts.Sample, time.Duration(i+1)*s, letter))
	}
	e.Held = at(facts.Held, time.Duration(last)*s, rune(window[last]))
	return e
}

func TestJudgeState(t *testing.T) {
	t.Parallel()
	const noWindow, window = nginxRuns, "{label: nginx runs, service: nginx, expect: {running: true}, within: 2s, for: 2s}"
	for _, c := range []struct {
		name, rule  string
		faulted     rune
		window      string
		asleep      bool // the engine did nothing
		providerIll bool
		want        rules.Status
		checkpoint  string
		reason      string
	}{
		{name: "fixed", rule: noWindow, faulted: 'f', window: "hh", want: holds, checkpoint: "held"},
		{name: "not fixed", rule: noWindow, faulted: 'f', window: "ff", want: fails, checkpoint: "held"},
		{name: "fixed by itself later", rule: noWindow, faulted: 'f', window: "fh", want: fails, checkpoint: "after", reason: "it must hold when the engine ends and at the end of the hold window"},
		{name: "window: in time", rule: window, faulted: 'f', window: "ffhhh", want: holds, checkpoint: "held"},
		{name: "window: too late", rule: window, faulted: 'f', window: "fffhh", want: fails, checkpoint: "sample", reason: "still so 2s after the engine ended, and it must hold from 2s on"},
		{name: "window: stopped early", rule: window, faulted: 'f', window: "fff", want: fails, checkpoint: "held"},
		{name: "window: cut", rule: window, faulted: 'f', window: "hh", want: errored, checkpoint: "held", reason: "the hold window was cut at 1s of 4s"},

		{name: "destroyed at the end", rule: noWindow, faulted: 'f', window: "hx", want: fails, checkpoint: "held", reason: "evidence destroyed: host web1 could not be asked: connection refused"},
		{name: "destroyed when the engine ends", rule: noWindow, faulted: 'f', window: "xx", want: fails, checkpoint: "held", reason: "evidence destroyed"},
		{name: "destroyed evidence of what held", rule: noWindow, faulted: 'h', window: "hx", want: fails, checkpoint: "held", reason: "evidence destroyed"},
		{name: "a fact that is left out is destroyed too", rule: noWindow, faulted: 'h', window: "hm", want: fails, checkpoint: "held", reason: "evidence destroyed"},
		{name: "a reboot in the window is no end", rule: window, faulted: 'f', window: "xxhhh", want: holds, checkpoint: "held"},
		{name: "a reboot after its time is", rule: window, faulted: 'f', window: "hhhxh", want: fails, checkpoint: "sample", reason: "evidence destroyed"},
		{name: "negated rules gain nothing", rule: "{label: l, negate: true, service: nginx, expect: {running: true}}", faulted: 'h', window: "hx", want: fails, reason: "evidence destroyed", checkpoint: "held"},

		{name: "the engine did nothing", rule: noWindow, faulted: 'f', window: "hx", asleep: true, want: errored, checkpoint: "held", reason: "could not be asked"},
		{name: "the provider is ill", rule: noWindow, faulted: 'f', window: "hx", providerIll: true, want: errored, checkpoint: "held", reason: "could not be asked"},
		{name: "it never answered", rule: noWindow, faulted: 'x', window: "hx", want: errored, checkpoint: "held", reason: "could not be asked"},
		{name: "never asked for", rule: noWindow, faulted: 'm', window: "mm", want: errored, checkpoint: "held", reason: "fact missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, c.rule)
			e := evidence(r, c.faulted, c.window)
			e.EngineActed, e.ProviderWell = !c.asleep, !c.providerIll
			res := rules.JudgeState(&r, e)
			assert.Equal(t, res, rules.JudgeState(&r, e.Prepared()), "prepared for many rules")
			assert.Equal(t, c.want, res.Status, "%+v", res)
			assert.Equal(t, c.checkpoint, res.Checkpoint)
			assert.Contains(t, res.Reason, c.reason)
		})
	}
}

func TestJudgeStateWithoutACheckpointIsNobodysFault(t *testing.T) {
	t.Parallel()
	r := rule(t, "{label: l, service: nginx, expect: {main-pid: {unchanged-since: healthy}}}")
	f := fact(r, map[string]any{"main-pid": 7})
	e := rules.StateEvidence{
		Faulted: snap(facts.Faulted, 0, f), After: snap(facts.After, 0, f), Held: snap(facts.Held, 0, f),
		EngineActed: true, ProviderWell: true,
	}
	assert.Equal(t, errored, rules.JudgeState(&r, e).Status)
	e.Healthy = snap(facts.Healthy, 0, f)
	assert.Equal(t, holds, rules.JudgeState(&r, e).Status)
	e.Held = unreachable(facts.Held, 0)
	assert.Equal(t, fails, rules.JudgeState(&r, e).Status)
}

// An engine cannot turn a text that it cannot make right into one that cannot
// be judged.
func TestJudgeStateOfAFloodedText(t *testing.T) {
	t.Parallel()
	r := rule(t, "{label: l, file: /f, expect: {contents: ['!bad']}}")
	small := fact(r, map[string]any{"contents": "bad"})
	flooded := fact(r, map[string]any{"contents": "xxxx"})
	flooded.Truncated = true
	e := rules.StateEvidence{
		Faulted: snap(facts.Faulted, 0, small), After: snap(facts.After, 0, flooded), Held: snap(facts.Held, 0, flooded),
		EngineActed: true, ProviderWell: true,
	}
	res := rules.JudgeState(&r, e)
	assert.Equal(t, fails, res.Status)
	assert.Contains(t, res.Reason, "evidence destroyed: contents: the text was cut")
	e.Faulted = e.Held
	assert.Equal(t, errored, rules.JudgeState(&r, e).Status, "it was so before the engine came")
}

func TestBeforeOK(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before rules.Before
		status rules.Status
		ok     bool
		reason string
	}{
		{rules.BeforeFails, fails, true, ""},
		{rules.BeforeFails, holds, false, "it holds although the fault is in (before: fails)"},
		{rules.BeforeFails, errored, false, "it could not be asked: why"},
		{rules.BeforeHolds, holds, true, ""},
		{rules.BeforeHolds, fails, false, "it does not hold once the fault is in (before: holds): expected x, got y"},
		{rules.BeforeHolds, errored, false, "it could not be asked: why"},
		{rules.BeforeAny, holds, true, ""},
		{rules.BeforeAny, fails, true, ""},
		{rules.BeforeAny, errored, true, ""},
	} {
		t.Run(string(c.before)+"/"+string(c.status), func(t *testing.T) {
			t.Parallel()
			r := rules.State{Before: c.before}
			ok, reason := r.BeforeOK(rules.Result{Status: c.status, Expected: "x", Got: "y", Reason: "why"})
			assert.Equal(t, c.ok, ok)
			assert.Equal(t, c.reason, reason)
		})
	}
}

func TestAllHosts(t *testing.T) {
	t.Parallel()
	on := func(host string, st rules.Status, g facts.Grade) rules.Result {
		return rules.Result{Host: host, Status: st, Grade: string(g)}
	}
	h, f, e := on("a", holds, facts.GradeHost), on("b", fails, facts.GradeHost), on("c", errored, facts.GradeHost)
	assert.Equal(t, h, rules.AllHosts([]rules.Result{h}))
	assert.Equal(t, f, rules.AllHosts([]rules.Result{h, e, f}))
	assert.Equal(t, e, rules.AllHosts([]rules.Result{h, e}))
	assert.Equal(t, on("a, d", holds, facts.GradeGuestRun), rules.AllHosts([]rules.Result{h, on("d", holds, facts.GradeGuestRun)}))
	assert.Equal(t, errored, rules.AllHosts(nil).Status)
}

func TestFirstFixed(t *testing.T) {
	t.Parallel()
	all := []rules.State{
		{Required: true, Before: rules.BeforeFails},
		{Required: true, Before: rules.BeforeFails},
		{Required: true, Before: rules.BeforeHolds},
		{Required: false, Before: rules.BeforeFails},
	}
	readings := []rules.Reading{
		{Since: s, Status: []rules.Status{fails, holds, holds, fails}},
		{Since: 2 * s, Status: []rules.Status{holds, errored, holds, fails}},
		{Since: 3 * s, Status: []rules.Status{holds, holds, fails, fails}},
		{Since: 4 * s, Status: []rules.Status{fails, fails, fails, fails}},
	}
	d, ok := rules.FirstFixed(all, readings)
	assert.True(t, ok)
	assert.Equal(t, 3*s, d)
	_, ok = rules.FirstFixed(all, readings[:2])
	assert.False(t, ok)
	_, ok = rules.FirstFixed(all[2:], readings)
	assert.False(t, ok, "nothing was to be fixed")
	_, ok = rules.FirstFixed(all, []rules.Reading{{Since: s, Status: []rules.Status{holds}}})
	assert.False(t, ok, "a reading without all rules")
}

func TestDowntime(t *testing.T) {
	t.Parallel()
	all := []rules.State{{Before: rules.BeforeHolds}, {Before: rules.BeforeHolds}, {Before: rules.BeforeFails}}
	faulted := []rules.Status{holds, fails, fails}
	at := func(since time.Duration, st ...rules.Status) rules.Reading {
		return rules.Reading{Since: since, Status: st}
	}
	for _, c := range []struct {
		name     string
		readings []rules.Reading
		want     time.Duration
	}{
		{"none", nil, 0},
		{"up", []rules.Reading{at(0, holds, fails, fails), at(s, holds, fails, holds)}, 0},
		{"down in between", []rules.Reading{at(0, holds, fails, fails), at(s, fails, fails, fails), at(3*s, holds, fails, fails)}, 2 * s},
		{"down to the end", []rules.Reading{at(0, holds, fails, fails), at(7*s, fails, fails, fails)}, 3 * s},
		{"unreachable is down", []rules.Reading{at(0, errored, errored, errored), at(s, holds, fails, fails)}, s},
		{"after the end does not count", []rules.Reading{at(9*s, fails, fails, fails), at(12*s, fails, fails, fails)}, s},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, rules.Downtime(all, faulted, c.readings, 10*s))
		})
	}
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	service := map[string]any{"running": true, "main-pid": 7, "restarts": 0}
	for _, c := range []struct {
		name, rule string
		healthy    map[string]any
		held       map[string]any
		want       rules.Status
		got        string
	}{
		{"same", nginxRuns, service, service, holds, ""},
		{"restarted, which the rule does not name", nginxRuns, service, map[string]any{"running": true, "main-pid": 8, "restarts": 0}, fails, "main-pid was 7 and is 8"},
		{"file touched", "{label: l, file: /f, expect: {exists: true}}", map[string]any{"exists": true, "mode": "0644", "mtime": "a"}, map[string]any{"exists": true, "mode": "0600", "mtime": "b"}, fails, `mode was "0644" and is "0600"`},
		{"latency is no change", "{label: l, http: u, expect: {status: 200}}", map[string]any{"status": 200, "latency": 1.5}, map[string]any{"status": 200, "latency": 2.5}, holds, ""},
		{"usage is no change", "{label: l, mount: /, expect: {usage: {lt: 90}}}", map[string]any{"exists": true, "usage": 10}, map[string]any{"exists": true, "usage": 11}, holds, ""},
		{"a user's group", "{label: l, user: u, expect: {exists: true}}", map[string]any{"groups": []string{"a"}}, map[string]any{"groups": []any{"a", "b"}}, fails, `groups was ["a"] and is ["a","b"]`},
		{"worse is a change too", nginxRuns, service, nil, fails, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, c.rule)
			held := snap(facts.Held, 0, fact(r, c.held))
			if c.held == nil {
				held = unreachable(facts.Held, 0)
			}
			res := rules.Unchanged(&r, snap(facts.Healthy, 0, fact(r, c.healthy)), held)
			assert.Equal(t, c.want, res.Status)
			assert.Equal(t, c.got, res.Got)
		})
	}
	r := rule(t, nginxRuns)
	assert.Equal(t, errored, rules.Unchanged(&r, snap(facts.Healthy, 0), snap(facts.Held, 0, fact(r, service))).Status)
}

func TestRestartsWithinTheWindow(t *testing.T) {
	t.Parallel()
	const window = "{label: nginx runs, service: nginx, expect: {running: true}, within: 1s, for: 3s}"
	for _, c := range []struct {
		name, rule string
		since      []string // at after, at each sample, at held; empty: not recorded
		want       rules.Status
	}{
		{"runs on", window, []string{"a", "a", "a", "a", "a"}, holds},
		{"started anew in time", window, []string{"a", "b", "b", "b", "b"}, holds},
		{"up at every look, down in between", window, []string{"a", "b", "c", "d", "e"}, fails},
		{"started anew at the last look", window, []string{"a", "a", "a", "a", "b"}, fails},
		{"not recorded", window, []string{"", "", "", "", ""}, holds},
		{"a rule without a window asks twice, no more", nginxRuns, []string{"a", "b"}, holds},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rule(t, c.rule)
			at := func(k facts.Checkpoint, i int) facts.Snapshot {
				attrs := map[string]any{"running": true}
				if c.since[i] != "" {
					attrs["since"] = c.since[i]
				}
				return snap(k, time.Duration(i)*s, fact(r, attrs))
			}
			last := len(c.since) - 1
			e := rules.StateEvidence{EngineActed: true, ProviderWell: true, After: at(facts.After, 0), Held: at(facts.Held, last)}
			for i := 1; i < last; i++ {
				e.Samples = append(e.Samples, at(facts.Sample, i))
			}
			assert.Equal(t, c.want, rules.JudgeState(&r, e).Status)
		})
	}
}
