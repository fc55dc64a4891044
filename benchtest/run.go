package benchtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/reports"
)

// Run runs the scenarios of one group as subtests of t. The generated table
// calls it; it must be the only thing that its test does. It calls t.Parallel,
// so that groups share the machine.
func Run(t *testing.T, group string, table []Entry) {
	t.Helper()
	s := current.Load()
	if s == nil {
		t.Fatal("benchtest is not set up: add func TestMain(m *testing.M) { benchtest.Main(m, benchtest.Config{}) } to this package")
	}
	readStamp(s.dir)
	if stale := scenario.Diff(table, s.scenarios); len(stale) > 0 {
		t.Fatalf("the generated table is stale: run go generate ./...\n\t%s", strings.Join(stale, "\n\t"))
	}
	t.Parallel()
	n := 0
	for _, sc := range s.scenarios {
		if sc.Group != group || !s.sel.listed[sc.Key] {
			continue
		}
		n++
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			s.scenario(t, sc)
		})
	}
	if n == 0 {
		t.Skipf("no scenario of group %s is chosen by %s: run without to have them all", group, s.set.choice())
	}
}

// scenario makes the attempts at one scenario.
func (s *suite) scenario(t *testing.T, sc *scenario.Scenario) {
	t.Helper()
	s.call(sc.Key)
	switch {
	case testing.Short():
		t.Skip("short: a scenario needs a machine: run without -short")
	case s.set.dryRun:
		t.Skipf("dry-run: would run %s on %s with engine %s: run without -benchtest.dry-run", sc.Key, s.provider, s.set.engine)
	}
	if s.set.iter == 1 {
		s.attempt(t, sc, s.turn(sc.Key))
		return
	}
	for range s.set.iter {
		n := s.turn(sc.Key)
		t.Run(fmt.Sprintf("i%d", n.number()), func(t *testing.T) {
			t.Parallel()
			s.attempt(t, sc, n)
		})
	}
}

// attempt makes one attempt, unless the run that is resumed has it, and shows
// it as tests.
func (s *suite) attempt(t *testing.T, sc *scenario.Scenario, n turn) {
	t.Helper()
	rec := n.made
	if rec.Iteration == 0 {
		output := s.secrets.Writer(t.Output())
		rec = s.runner.Run(s.ctx, attempt.Spec{
			Scenario: sc, Iteration: n.next, Test: t.Name(), Output: output, Artifacts: artifacts(t),
		})
		_ = output.Flush() // as the attempt: the test's output is a courtesy
		rec = hideAttempt(s.secrets, rec)
	}
	s.add(rec)
	rec.Dir = filepath.Join(s.runner.Record.Dir, rec.Dir) // what people and other tools can open
	publish(t, rec, !s.set.gate.Any())
}

// publish turns a record into what go test shows: attributes, one subtest a
// rule, and the outcome as the scenario's own result. Under a gate what did not
// pass is skipped: the gate counts it.
func publish(t *testing.T, rec reports.Attempt, gated bool) {
	t.Helper()
	for _, a := range attributes(rec) {
		t.Attr(a.key, a.value)
	}
	gated = gated && rec.Outcome != rules.Passed && rec.Outcome != rules.Skipped
	for _, scope := range []string{"state", "compliance"} {
		results := ofScope(rec.Results, scope)
		if len(results) == 0 {
			continue
		}
		t.Run(scope, func(t *testing.T) {
			for _, r := range results {
				t.Run(label(r, rec), func(t *testing.T) { publishRule(t, r, rec, gated) })
			}
		})
	}
	switch {
	case rec.Outcome == rules.Passed:
	case rec.Outcome == rules.Skipped:
		t.Skip(rec.Reason)
	case gated:
		t.Skipf("failed, counted by the gate: %s: %s", rec.Outcome, clean(rec.Reason))
	default:
		t.Errorf("%s: %s\nevidence: %s", rec.Outcome, clean(rec.Reason), rec.Dir)
	}
}

// publishRule shows one rule. A failing subtest fails its parents, so what
// does not decide the outcome is skipped, with what it saw.
func publishRule(t *testing.T, r rules.Result, rec reports.Attempt, gated bool) {
	t.Helper()
	if r.Status == rules.Holds {
		return
	}
	text := describe(r)
	switch {
	case rec.Outcome == rules.Errored:
		t.Skip("informational: the attempt is errored: " + text)
	case !r.Required:
		t.Skip("informational: " + text)
	case gated:
		t.Skip("failed, counted by the gate: " + text)
	}
	t.Error(text)
}

// describe says what was expected, what was there, when, and what was seen.
func describe(r rules.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.Label, r.Status)
	add := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\n\t%-11s %s", name+":", clean(value))
		}
	}
	add("expected", r.Expected)
	add("got", r.Got)
	add("host", r.Host)
	add("checkpoint", r.Checkpoint)
	add("reason", r.Reason)
	add("seen", r.Raw)
	return b.String()
}

// clean keeps a guest's control characters out of the terminal.
func clean(s string) string {
	const most = 2000
	if len(s) > most {
		s = s[:most] + " …"
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return '\uFFFD'
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func ofScope(all []rules.Result, scope string) []rules.Result {
	var part []rules.Result
	for _, r := range all {
		if (r.Scope == rules.ScopeState) == (scope == "state") {
			part = append(part, r)
		}
	}
	return part
}

// label is a rule's subtest: everything but [A-Za-z0-9._-] becomes _. With
// several hosts the host stands before it.
func label(r rules.Result, rec reports.Attempt) string {
	name := r.Label
	if len(rec.Hosts) > 1 && r.Host != "" {
		name = r.Host + "." + name
	}
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
			return c
		}
		return '_'
	}, name)
}

type attribute struct{ key, value string }

// attributes are what gotestsum makes JUnit properties of.
func attributes(rec reports.Attempt) []attribute {
	list := []attribute{
		{"benchtest.outcome", string(rec.Outcome)},
		{"benchtest.key", rec.Key},
		{"benchtest.iteration", fmt.Sprint(rec.Iteration)},
		{"benchtest.engine", rec.Engine},
		{"benchtest.provider", rec.Provider},
		{"benchtest.compliance_score", fmt.Sprintf("%.4g", rec.Score)},
		{"benchtest.engine_seconds", fmt.Sprintf("%.3f", rec.Phases.Engine.Seconds())},
		{"benchtest.admit_seconds", fmt.Sprintf("%.3f", rec.Phases.Admit.Seconds())},
		{"benchtest.record", rec.Dir},
	}
	if rec.Reason != "" {
		list = append(list, attribute{"benchtest.reason", strings.ReplaceAll(clean(rec.Reason), "\n", " ")})
	}
	return list
}

// artifacts is the directory that go test keeps with -artifacts; otherwise
// the attempt's own record is the place.
func artifacts(t *testing.T) string {
	t.Helper()
	if f := flagLookup("test.artifacts"); f != "true" {
		return ""
	}
	return t.ArtifactDir()
}
