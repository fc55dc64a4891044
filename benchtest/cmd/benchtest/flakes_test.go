package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// flakyScenarios makes a folder of scenarios that want /ok to be there, and says the
// digest of
// each.
func flakyScenarios(t *testing.T, keys ...string) (dir string, digests map[string]string) {
	t.Helper()
	dir, digests = t.TempDir(), map[string]string{}
	for _, key := range keys {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, key), 0o755))
		for name, text := range map[string]string{
			"scenario.yaml": "title: t\nticket_title: t\nticket_body: t\nhosts: [{host_name: h1, template: debian-base}]\nstate: [{label: it is there, file: /ok, expect: {exists: true}}]\n",
			"prepare.sh":    "#!/bin/sh\n", "solve.sh": "#!/bin/sh\n",
		} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, key, name), []byte(text), 0o755))
		}
	}
	f, err := openFolder([]string{dir})
	require.NoError(t, err)
	defer f.close()
	for _, sc := range f.all {
		digests[sc.Key] = sc.Digest
	}
	require.Len(t, digests, len(keys))
	return dir, digests
}

// flaky records a run of one engine at a scenario: P passed, F failed; f failed
// with evidence of the contrary.
func flaky(t *testing.T, home, id, engine, key, digest, outcomes string) {
	t.Helper()
	run, err := reports.NewRun(filepath.Join(home, "runs"), id)
	require.NoError(t, err)
	at, err := reports.RunTime(id)
	require.NoError(t, err)
	require.NoError(t, run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: id, Run: &reports.RunInfo{RunID: id, Started: at, Engine: engine}}))
	for i, o := range outcomes {
		a := reports.Attempt{
			RunID: id, Key: key, Iteration: i + 1, Engine: engine, Provider: "local", Started: at, Outcome: rules.Passed, Digests: reports.Digests{Scenario: digest},
			Circumstances: rules.Circumstances{Judged: true, EngineActed: true, ProviderWell: true},
		}
		if o != 'P' {
			a.Outcome = rules.Failed
			a.Results = []rules.Result{{Label: "it is there", Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Got: "\x1b[31mno"}}
		}
		d, err := run.AttemptDir(key, i+1)
		require.NoError(t, err)
		for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held} {
			there := c == facts.Healthy || c != facts.Faulted && o != 'F'
			q := facts.Query{Noun: facts.NounFile, Subject: "/ok"}
			f := facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": there}}
			require.NoError(t, d.WriteSnapshot(facts.NewSnapshot("h1", c, 0, facts.Answer{Facts: []facts.Fact{f}, At: at})))
		}
		a.Dir = d.Name
		a.Digests.Evidence, err = d.Seal()
		require.NoError(t, err)
		require.NoError(t, run.Log.Append(reports.Event{Kind: reports.AttemptFinished, RunID: id, Key: key, Iteration: i + 1, Attempt: &a}))
	}
	require.NoError(t, run.Close())
}

func TestFlakes(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	keys := []string{"web/001-checker", "web/002-environment", "web/003-engine", "web/004-open", "web/005-stable"}
	dir, digests := flakyScenarios(t, keys...)
	for i, runs := range [][2]string{{"PPfP", "PP"}, {"PFPF", "PPPPF"}, {"PFFF", "PPPPP"}, {"PPPF", ""}, {"PPPP", "PPPPP"}} {
		key := keys[i]
		flaky(t, home, "20260102T03040"+key[6:7]+"Z-aaaaaa", "ai", key, digests[key], runs[0])
		flaky(t, home, "20260102T03040"+key[6:7]+"Z-bbbbbb", "oracle", key, digests[key], runs[1])
	}
	golden := filepath.Join("testdata", "flakes.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(flakesSay(t, home, dir, "--since=2026-01-01")), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), flakesSay(t, home, dir, "--since=2026-01-01"))
	assert.Equal(t, string(want), flakesSay(t, intoDatabase(t, home, ""), dir, "--since=2026-01-01"), "a database has the same")

	one := flakesSay(t, home, dir, "20260102T030403Z-a", "20260102T030403Z-b", "20260102T030401Z-a", "--json", "--scenario=web/003-engine")
	assert.Equal(t, 1, strings.Count(one, "\n"))
	assert.Contains(t, one, `"key":"web/003-engine","scenario_digest":"`+digests["web/003-engine"]+`","engine":"ai","provider":"local","cause":"engine","changed":0,"oracle_tally":{"passed":5,`)
}

// flakesSay is what flakes prints when it finds some.
func flakesSay(t *testing.T, home, dir string, args ...string) string {
	t.Helper()
	e, stdout, stderr := comparer(home)
	require.Equal(t, exitFindings, e.run(t.Context(), append([]string{"flakes", "--dir", dir}, args...)), stderr.String())
	return stdout.String()
}

func TestFlakesEnds(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, digests := flakyScenarios(t, "web/001")
	flaky(t, home, reports.NewRunID(time.Now()), "ai", "web/001", digests["web/001"], "PPP")
	for name, c := range map[string]struct {
		home string
		args []string
		code int
		says string
	}{
		"nothing mixed":     {home, nil, exitOK, "no scenario has mixed verdicts\n"},
		"no run at all":     {t.TempDir(), nil, exitUsage, "no run began since 20"},
		"no run since":      {home, []string{"--since=2999-01-01"}, exitUsage, "no run began since 2999-01-01, in "},
		"no such run":       {home, []string{"nosuch"}, exitUsage, `find run "nosuch"`},
		"no such folder":    {home, []string{"--dir=/nonexistent"}, exitUsage, "open scenarios"},
		"no time":           {home, []string{"--since=soon"}, exitUsage, `--since "soon"`},
		"nothing, as JSON":  {home, []string{"--json"}, exitOK, ""},
		"no such data base": {home, []string{"--db=x"}, exitUsage, "bad database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, stdout, stderr := comparer(c.home)
			assert.Equal(t, c.code, e.run(t.Context(), append([]string{"flakes", "--dir", dir}, c.args...)), stderr.String())
			assert.Contains(t, stdout.String()+stderr.String(), c.says)
		})
	}
}
