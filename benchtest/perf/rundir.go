package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/reports"
)

// writeRun makes the directory of a run with n attempts, of which first is the
// number of the first. No two have the same evidence.
func writeRun(dir string, originals []original, first, n int) (err error) {
	run := filepath.Base(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	log, err := reports.OpenLog(filepath.Join(dir, reports.EventsFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	events := []reports.Event{{Kind: reports.RunStarted, RunID: run, Run: &reports.RunInfo{RunID: run, Started: originals[0].Attempt.Started, Provider: "local", Engine: "oracle"}}}
	for i := range n {
		o := &originals[i%len(originals)]
		a := o.as(run, i+1).Attempt
		a.Started = a.Started.Add(time.Duration(first+i) * apart)
		a.Dir = path.Join("attempts", a.Key, fmt.Sprintf("i%d", a.Iteration))
		if a.Digests.Evidence, err = o.write(filepath.Join(dir, filepath.FromSlash(a.Dir)), first+i); err != nil {
			return err
		}
		events = append(events, reports.Event{Kind: reports.AttemptFinished, RunID: run, Key: a.Key, Iteration: a.Iteration, Attempt: &a})
	}
	for _, e := range append(events, reports.Event{Kind: reports.RunFinished, RunID: run}) {
		if err := log.Append(e); err != nil {
			return err
		}
	}
	return nil
}

// writeScenarios copies the scenarios of the recording to dir. Those with fewer
// rules than wanted have their first state rule several times.
func (r recording) writeScenarios(dir string, rules int) error {
	for _, sc := range r.scenarios {
		to := filepath.Join(dir, filepath.FromSlash(sc.Key))
		if err := os.CopyFS(to, os.DirFS(filepath.Join(r.root, "scenarios", filepath.FromSlash(sc.Key)))); err != nil {
			return err
		}
		if err := repeatRule(filepath.Join(to, "scenario.yaml"), rules-len(sc.State)-len(sc.Compliance)); err != nil {
			return fmt.Errorf("%s: %w", sc.Key, err)
		}
	}
	made, problems := scenario.Load(os.DirFS(dir), scenario.LoadOptions{})
	if err := problems.Errors().Err(); err != nil {
		return err
	}
	for _, sc := range made {
		if n := len(sc.State) + len(sc.Compliance); n != rules {
			return fmt.Errorf("%s has %d rules and not %d", sc.Key, n, rules)
		}
	}
	return nil
}

// repeatRule adds the first state rule so many times, under other labels.
func repeatRule(path string, times int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var sc map[string]any
	if err := yaml.Unmarshal(text, &sc); err != nil {
		return err
	}
	list, _ := sc["state"].([]any)
	if len(list) == 0 {
		return errors.New("it has no state rules")
	}
	first, _ := list[0].(map[string]any)
	for i := range times {
		again := map[string]any{}
		maps.Copy(again, first)
		again["label"] = fmt.Sprintf("%v, time %d", first["label"], i+2)
		list = append(list, again)
	}
	sc["state"] = list
	text, err = yaml.Marshal(sc)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
