package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports/store"
)

// What is judged again.
const (
	rescoredRun    = 1000 // attempts of one run
	rescoredRuns   = 10
	rescoredRules  = 10 // of each
	rescoreRounds  = 3
	rescoreTimeout = 5 * time.Minute
)

// An archive is a home with recorded runs, and a database with the same.
type archive struct {
	home, db string
}

// A rescorer judges attempts again, with the program that people use.
type rescorer struct {
	dir       string
	program   string
	scenarios string
	one, all  archive // of one run, and of all
	originals int     // attempts that the others are made of
}

// measureRescore judges recorded attempts again, from the directories of runs
// and from a database, on one core. The control for the memory is a tenth of
// them.
func measureRescore(ctx context.Context) (r []reading, err error) {
	if mostResident(os.Getpid()) == 0 {
		return nil, skip{"memory is read from /proc: run on Linux"}
	}
	dir, err := os.MkdirTemp("/var/tmp", "benchtest-perf-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newRescorer(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, from := range []struct {
		name string
		db   func(archive) string
	}{
		{"directories", func(archive) string { return store.None }},
		{"SQLite", func(a archive) string { return "sqlite://" + a.db }},
	} {
		var took sample
		var many, few []float64
		for range rescoreRounds {
			d, bytes, err := s.judge(ctx, s.all, from.db(s.all), rescoredRun*rescoredRuns)
			if err != nil {
				return nil, err
			}
			took, many = append(took, d), append(many, bytes)
			_, bytes, err = s.judge(ctx, s.one, from.db(s.one), rescoredRun)
			if err != nil {
				return nil, err
			}
			few = append(few, bytes)
		}
		what := fmt.Sprintf("%d attempts of %d rules in %s on one core; made of one for each of %d scenarios, other times, PIDs and names in each, files in memory", rescoredRun*rescoredRuns, rescoredRules, from.name, s.originals)
		r = append(r, reading{value: took.median().Seconds(), n: len(took), spread: fmt.Sprintf("%s..%s", took.quantile(0), took.quantile(1)), detail: what},
			reading{
				value: middle(many) / middle(few), n: len(many), spread: fmt.Sprintf("%.3g..%.3g", lowest(many)/middle(few), highest(many)/middle(few)),
				detail: fmt.Sprintf("most resident memory %.4gMB, of %d attempts %.4gMB", middle(many)/1e6, rescoredRun, middle(few)/1e6),
			})
	}
	return r, nil
}

func newRescorer(ctx context.Context, dir string) (s rescorer, err error) {
	rec, err := ownRecording(ctx)
	if err != nil {
		return s, err
	}
	s = rescorer{
		dir: dir, program: filepath.Join(dir, "benchtest"), scenarios: filepath.Join(dir, "scenarios"),
		one: archive{filepath.Join(dir, "one"), filepath.Join(dir, "one.db")}, all: archive{filepath.Join(dir, "all"), filepath.Join(dir, "all.db")},
	}
	if _, err := goCommand(ctx, rec.root, "build", "-o", s.program, "./benchtest/cmd/benchtest"); err != nil {
		return s, err
	}
	if err := rec.writeScenarios(s.scenarios, rescoredRules); err != nil {
		return s, err
	}
	originals, err := rec.originals()
	if err != nil {
		return s, err
	}
	s.originals = len(originals)
	return s, s.fill(ctx, originals)
}

// fill makes all runs, and brings them into the databases. The first is that of
// the smaller archive too.
func (s rescorer) fill(ctx context.Context, originals []original) error {
	var runs []string
	for i := range rescoredRuns {
		runs = append(runs, filepath.Join(s.all.home, "runs", fmt.Sprintf("20260101T0000%02dZ-perf", i)))
		if err := writeRun(runs[i], originals, i*rescoredRun, rescoredRun); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(s.one.home, "runs"), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(runs[0], filepath.Join(s.one.home, "runs", filepath.Base(runs[0]))); err != nil {
		return err
	}
	return errors.Join(s.one.store(ctx, runs[:1]), s.all.store(ctx, runs))
}

// store brings runs into the database.
func (a archive) store(ctx context.Context, runs []string) (err error) {
	t, err := store.ParseTarget("sqlite://"+a.db, "")
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, dir := range runs {
		got, err := store.Import(ctx, db, dir)
		if err != nil {
			return err
		}
		if got.Attempts != rescoredRun {
			return fmt.Errorf("%d of %d attempts came into the database", got.Attempts, rescoredRun)
		}
	}
	return nil
}

// judge judges all attempts of an archive, of which there are n, and records
// nothing: the next time is to find what this one did.
func (s rescorer) judge(ctx context.Context, a archive, db string, n int) (took time.Duration, memory float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, rescoreTimeout)
	defer cancel()
	cmd := group(ctx, s.program, "validate", "--runs", "--since", "2000-01-01", "--dry-run", s.scenarios)
	home := a.home
	if db != store.None { // as on a machine that has no directories
		home = filepath.Join(s.dir, "empty")
	}
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "BENCHTEST_HOME="+home, "BENCHTEST_DB="+db)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	if err = cmd.Start(); err != nil {
		return 0, 0, err
	}
	most := watchMemory(cmd.Process.Pid)
	err = cmd.Wait()
	took, memory = time.Since(begin), most()
	if err == nil && !strings.Contains("\n"+out.String(), fmt.Sprintf("\n%d attempts judged again", n)) {
		err = errors.New("it did not judge all of them")
	}
	if err == nil && strings.Contains(out.String(), "without sound evidence") {
		err = errors.New("some have no sound evidence")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("validate --runs: %w: %s", err, tail(out.Bytes()))
	}
	return took, memory, nil
}

// watchMemory looks at the most resident memory of a process until the returned
// function is called, which says how much it was, in bytes. What wait tells
// includes our own: the process began as a copy of this one.
func watchMemory(pid int) (most func() float64) {
	stop, done := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		seen := 0.0
		for {
			seen = max(seen, mostResident(pid))
			select {
			case <-stop:
				done <- seen
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 { close(stop); return <-done }
}

// mostResident is in bytes; zero where it cannot be had.
func mostResident(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return 0
	}
	return kib * 1024
}
