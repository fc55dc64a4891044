package flakes_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/flakes"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

const key = "files/001-missing"

// today is a scenario that wants /ok to be there.
func today(t *testing.T) *scenario.Scenario {
	t.Helper()
	all, problems := scenario.Load(fstest.MapFS{
		key + "/scenario.yaml": {Data: []byte("title: t\nticket_title: t\nticket_body: t\nhosts: [{host_name: h1, template: plain}]\nstate: [{label: there, file: /ok, expect: {exists: true}}]\n")},
		key + "/prepare.sh":    {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
		key + "/solve.sh":      {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
	}, scenario.LoadOptions{Templates: []string{"plain"}})
	require.NoError(t, problems.Err())
	return all[0]
}

// runs are records in memory, by ID; the evidence of an attempt is whether /ok
// was there at the end.
type runs struct {
	records map[string]reports.Record
	fixed   map[string]bool // by attempt
}

func (r *runs) Record(_ context.Context, name string) (reports.Record, error) {
	rec, ok := r.records[name]
	if !ok {
		return rec, fs.ErrNotExist
	}
	return rec, nil
}

func (r *runs) IDs(context.Context, time.Time) ([]string, error) { return nil, errors.ErrUnsupported }

func (r *runs) ReadEvidence(_ context.Context, _ reports.Record, a *reports.Attempt, _ reports.Wanted) (e reports.Evidence, err error) {
	fixed, ok := r.fixed[a.ID()]
	if !ok {
		return e, fmt.Errorf("%w: it is gone", reports.ErrEvidence)
	}
	q := facts.Query{Noun: facts.NounFile, Subject: "/ok"}
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held} {
		there := c == facts.Healthy || fixed && c != facts.Faulted
		f := facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": there}}
		e.Snapshots = append(e.Snapshots, facts.NewSnapshot("h1", c, 0, facts.Answer{Facts: []facts.Fact{f}}))
	}
	return e, nil
}

var started = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// add makes attempts of a run: P passed, F failed, E errored; p and f are judged
// so, with evidence of the contrary; ! failed and left no evidence.
func (r *runs) add(run, engine, digest, outcomes string) {
	if r.records == nil {
		r.records, r.fixed = map[string]reports.Record{}, map[string]bool{}
	}
	rec := r.records[run]
	for _, o := range outcomes {
		a := reports.Attempt{
			RunID: run, Key: key, Iteration: len(rec.Attempts) + 1, Engine: engine, Provider: "local", Started: started,
			Digests: reports.Digests{Scenario: digest}, Outcome: rules.Failed, Reason: "it is still broken",
			Circumstances: rules.Circumstances{Judged: true, EngineActed: true, ProviderWell: true},
		}
		switch o {
		case 'P', 'p':
			a.Outcome, a.Reason = rules.Passed, ""
		case 'E':
			a.Outcome, a.Circumstances.Judged = rules.Errored, false
		}
		if o != '!' {
			r.fixed[a.ID()] = o == 'P' || o == 'f'
		}
		rec.Attempts = append(rec.Attempts, a)
	}
	r.records[run] = rec
}

func TestFind(t *testing.T) {
	t.Parallel()
	sc := today(t)
	other := "0123456789abcdef"
	for name, c := range map[string]struct {
		make    func(r *runs)
		cause   stats.Cause // empty: no finding
		open    []stats.Cause
		engine  stats.Tally
		oracle  stats.Tally
		why     string
		missing []string
	}{
		"the checker": {
			make:  func(r *runs) { r.add("a", "ai", sc.Digest, "PPf"); r.add("b", "oracle", sc.Digest, "PPF") },
			cause: stats.Checker, engine: stats.Tally{Passed: 2, Scored: 3, Attempted: 3}, oracle: stats.Tally{Passed: 2, Scored: 3, Attempted: 3},
			why: "a/" + key + "/i3: judged failed, and passed on the same evidence",
		},
		"the environment": {
			make:  func(r *runs) { r.add("a", "ai", sc.Digest, "PPFE"); r.add("b", "oracle", sc.Digest, "PFP") },
			cause: stats.Environment, engine: stats.Tally{Passed: 2, Scored: 3, Attempted: 4}, oracle: stats.Tally{Passed: 2, Scored: 3, Attempted: 3},
			why: "b/" + key + "/i2: failed: it is still broken",
		},
		"the engine": {
			make:  func(r *runs) { r.add("a", "ai", sc.Digest, "PF"); r.add("b", "oracle", sc.Digest, "PPPPP") },
			cause: stats.Engine, engine: stats.Tally{Passed: 1, Scored: 2, Attempted: 2}, oracle: stats.Tally{Passed: 5, Scored: 5, Attempted: 5},
			why: "a/" + key + "/i2: failed: it is still broken",
		},
		"no oracle": {
			make:  func(r *runs) { r.add("a", "ai", sc.Digest, "PF") },
			cause: stats.Engine, open: []stats.Cause{stats.Environment}, engine: stats.Tally{Passed: 1, Scored: 2, Attempted: 2},
			why:     "a/" + key + "/i2: failed: it is still broken",
			missing: []string{"no attempt of the oracle's was scored: run the oracle 5 times: go test ./scenarios/... -run " + key + " -benchtest.engine=oracle -count=5"},
		},
		"few of the oracle's": {
			make:  func(r *runs) { r.add("a", "ai", sc.Digest, "PPPPF"); r.add("b", "oracle", sc.Digest, "PPPP") },
			cause: stats.Engine, open: []stats.Cause{stats.Environment}, engine: stats.Tally{Passed: 4, Scored: 5, Attempted: 5}, oracle: stats.Tally{Passed: 4, Scored: 4, Attempted: 4},
			why:     "a/" + key + "/i5: failed: it is still broken",
			missing: []string{"an environment that breaks as often would spare 4 attempts of the oracle's in 41 of 100 cases: run the oracle 10 times: go test ./scenarios/... -run " + key + " -benchtest.engine=oracle -count=10"},
		},
		"no evidence": {
			make:  func(r *runs) { r.add("a", "ai", sc.Digest, "P!"); r.add("b", "oracle", sc.Digest, "PPPPP") },
			cause: stats.Engine, open: []stats.Cause{stats.Checker}, engine: stats.Tally{Passed: 1, Scored: 2, Attempted: 2}, oracle: stats.Tally{Passed: 5, Scored: 5, Attempted: 5},
			why:     "a/" + key + "/i2: failed: it is still broken",
			missing: []string{"1 attempts cannot be judged again: evidence was changed: it is gone"},
		},
		"another version of the scenario": {
			make:  func(r *runs) { r.add("a", "ai", other, "PF"); r.add("b", "oracle", other, "PF") },
			cause: stats.Environment, open: []stats.Cause{stats.Checker}, engine: stats.Tally{Passed: 1, Scored: 2, Attempted: 2}, oracle: stats.Tally{Passed: 1, Scored: 2, Attempted: 2},
			why:     "b/" + key + "/i2: failed: it is still broken",
			missing: []string{"4 attempts cannot be judged again, since the scenario is not here as it was: name its folder with --dir, as of the digest 0123456789ab"},
		},
		"the oracle alone": {
			make:  func(r *runs) { r.add("b", "oracle", sc.Digest, "PF") },
			cause: stats.Environment, oracle: stats.Tally{Passed: 1, Scored: 2, Attempted: 2},
			why: "b/" + key + "/i2: failed: it is still broken",
		},
		"versions that differ are no flake": {make: func(r *runs) { r.add("a", "ai", sc.Digest, "PP"); r.add("b", "ai", other, "FF") }},
		"engines that differ are no flake":  {make: func(r *runs) { r.add("a", "ai", sc.Digest, "PP"); r.add("b", "noop", sc.Digest, "FF") }},
		"machines that differ are no flake": {make: func(r *runs) {
			r.add("a", "ai", sc.Digest, "PP")
			r.add("b", "ai", sc.Digest, "FF")
			for i := range r.records["b"].Attempts {
				r.records["b"].Attempts[i].Provider = "lima"
			}
		}},
		"what errored is no verdict":          {make: func(r *runs) { r.add("a", "ai", sc.Digest, "PPE"); r.add("b", "oracle", sc.Digest, "EP") }},
		"what always fails is no flake":       {make: func(r *runs) { r.add("a", "ai", sc.Digest, "FF"); r.add("b", "oracle", sc.Digest, "FF") }},
		"what is of others is not looked for": {make: func(r *runs) { r.add("a", "ai", sc.Digest, ""); r.add("b", "oracle", sc.Digest, "") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &runs{}
			c.make(r)
			s := flakes.Search{Source: r, Scenarios: []*scenario.Scenario{sc}}
			for id := range r.records {
				s.Runs = append(s.Runs, id, id) // named twice, and counted once
			}
			found, err := s.Find(t.Context())
			require.NoError(t, err)
			if c.cause == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			f := found[0]
			assert.Equal(t, c.cause, f.Cause)
			assert.Equal(t, c.open, f.NotRuledOut)
			assert.Equal(t, c.engine, f.Flake.Engine)
			assert.Equal(t, c.oracle, f.Flake.Oracle)
			assert.Equal(t, c.missing, f.Missing)
			require.Len(t, f.Why, 1)
			assert.Equal(t, c.why, f.Why[0].Attempt+": "+f.Why[0].Says)
		})
	}
}

func TestFindChooses(t *testing.T) {
	t.Parallel()
	r := &runs{}
	r.add("a", "ai", "x", "PF")
	for name, s := range map[string]flakes.Search{
		"another scenario": {Source: r, Runs: []string{"a"}, Keys: []string{"disk/001"}},
		"later":            {Source: r, Runs: []string{"a"}, Since: started.Add(time.Second)},
		"no run":           {Source: r},
	} {
		found, err := s.Find(t.Context())
		require.NoError(t, err)
		assert.Empty(t, found, name)
	}
	found, err := flakes.Search{Source: r, Runs: []string{"a"}, Keys: []string{"disk/001", key}, Since: started}.Find(t.Context())
	require.NoError(t, err)
	assert.Len(t, found, 1)
	_, err = flakes.Search{Source: r, Runs: []string{"a", "b"}}.Find(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Verdicts that were given since count as judgements of the same evidence, where
// the rules were those of then.
func TestFindCountsLaterVerdicts(t *testing.T) {
	t.Parallel()
	for digest, cause := range map[string]stats.Cause{"x": stats.Checker, "y": stats.Engine} {
		r := &runs{}
		r.add("a", "ai", "x", "PF")
		r.records["a"].Attempts[1].Rescored = []reports.Verdict{{Outcome: rules.Passed, Scenario: digest}}
		found, err := flakes.Search{Source: r, Runs: []string{"a"}}.Find(t.Context())
		require.NoError(t, err)
		require.Len(t, found, 1)
		assert.Equal(t, cause, found[0].Cause)
	}
}

// Models and programs in the guest are named where they may be the cause.
func TestFindNamesWhatElseDiffers(t *testing.T) {
	t.Parallel()
	sc := today(t)
	r := &runs{}
	r.add("a", "ai", sc.Digest, "PF")
	r.add("b", "oracle", sc.Digest, "PPPPP")
	for i, model := range []string{"m1", "m2"} {
		r.records["a"].Attempts[i].Usage.Model = model
	}
	s := flakes.Search{Source: r, Runs: []string{"a", "b"}, Scenarios: []*scenario.Scenario{sc}}
	found, err := s.Find(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"m1", "m2"}, found[0].Models)
	assert.Equal(t, []string{"the attempts are of the models m1, m2, which may well differ: name runs of one"}, found[0].Missing)

	r.records["b"].Attempts[0].Outcome = rules.Failed
	r.records["b"].Attempts[0].Results = []rules.Result{{Label: "validate", Required: true, Once: true, Status: rules.DoesNotHold, Scope: rules.ScopeState}}
	found, err = s.Find(t.Context())
	require.NoError(t, err)
	assert.Equal(t, stats.Environment, found[0].Cause)
	assert.Equal(t, []string{"1 of the oracle's verdicts rest on a program that ran in the guest, which re-scoring does not ask again: look at validate.* first"}, found[0].Missing)
}
