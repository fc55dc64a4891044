package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// A recording is what runs on this machine left of the shipped scenarios: the
// latest judged attempt of each, with all its evidence.
type recording struct {
	root      string               // of the module
	scenarios []*scenario.Scenario // of which there is an attempt, by key
	attempts  []recordedAttempt    // of each
}

// fewestRecorded is how many scenarios say something of all.
const fewestRecorded = 3

// A recordedAttempt is one attempt and the directory of the run that has it.
type recordedAttempt struct {
	runDir string
	store.Report
}

// loadRecording finds it in BENCHTEST_HOME.
func loadRecording(root string) (recording, error) {
	rec := recording{root: root}
	home, err := fixtures.Home(os.LookupEnv)
	if err != nil {
		return rec, err
	}
	shipped, problems := scenario.Load(os.DirFS(filepath.Join(root, "scenarios")), scenario.LoadOptions{})
	if err := problems.Errors().Err(); err != nil {
		return rec, err
	}
	latest, err := latestAttempts(filepath.Join(home, "runs"))
	if err != nil {
		return rec, err
	}
	for _, sc := range shipped {
		a, found := latest[sc.Key]
		if _, err := os.Stat(filepath.Join(root, "scenarios", filepath.FromSlash(sc.Key), "scenario.yaml")); !found || err != nil {
			continue // one in the runner's format is measured by the others
		}
		if err := a.readEvidence(); err != nil {
			return rec, err
		}
		rec.scenarios, rec.attempts = append(rec.scenarios, sc), append(rec.attempts, a)
	}
	if len(rec.attempts) < fewestRecorded {
		return rec, skip{fmt.Sprintf("%s has records of %d of the %d shipped scenarios: make bench", home, len(rec.attempts), len(shipped))}
	}
	return rec, nil
}

// latestAttempts are the latest judged attempts by scenario, without evidence.
func latestAttempts(runs string) (map[string]recordedAttempt, error) {
	dirs, err := os.ReadDir(runs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	latest := map[string]recordedAttempt{}
	for _, d := range slices.Backward(dirs) { // sorted by name, which begins with the time
		dir := filepath.Join(runs, d.Name())
		f, err := os.Open(filepath.Join(dir, reports.EventsFile))
		if err != nil {
			continue // no run
		}
		for e, err := range reports.ReadEvents(f) {
			if err != nil || e.Kind != reports.AttemptFinished || e.Attempt == nil || !e.Attempt.Circumstances.Judged {
				continue
			}
			if _, newer := latest[e.Attempt.Key]; !newer {
				latest[strings.Clone(e.Attempt.Key)] = recordedAttempt{dir, store.Report{Attempt: *e.Attempt, Decided: e.At}}
			}
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return latest, nil
}

func (a *recordedAttempt) readEvidence() error {
	root, err := os.OpenRoot(a.runDir)
	if err != nil {
		return err
	}
	defer root.Close()
	a.Report = store.ReadReport(root, a.Attempt, a.Decided)
	return a.Missing
}

// as is the attempt as the n-th of a run.
func (a recordedAttempt) as(run string, n int) store.Report {
	r := a.Report
	r.Attempt.RunID, r.Attempt.Iteration = run, n
	return r
}
