package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const scenariosRounds = 2

// scenarioPass is the line of one scenario's own test that passed, and no rule's.
var scenarioPass = regexp.MustCompile(`(?m)^ +--- PASS: Test_[a-z0-9_]+/[a-z0-9-]+ \(`)

// measureScenarios is the wall time of all shipped scenarios with the oracle,
// divided by their number. The control is the same command as a dry run: what
// go test and loading cost.
func measureScenarios(ctx context.Context) (r []reading, err error) {
	l, err := openLab(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	passed := 0
	suite := func(flags ...string) timed {
		return func(ctx context.Context) (time.Duration, error) {
			n, took, err := shipped(ctx, flags...)
			passed = max(passed, n)
			return took, err
		}
	}
	whole, dry := suite(), suite("-benchtest.dry-run")
	for _, warm := range []timed{whole, dry} { // the templates that they use, and the test's binary
		if _, err := warm(ctx); err != nil {
			return nil, err
		}
	}
	a, b, err := pairs(ctx, scenariosRounds, whole, dry)
	if err != nil {
		return nil, err
	}
	each := func(d time.Duration) float64 { return d.Seconds() / float64(passed) }
	return []reading{{
		value: each(a.median()), n: len(a), spread: fmt.Sprintf("%.3gs..%.3gs", each(a.quantile(0)), each(a.quantile(1))),
		detail: fmt.Sprintf("%d scenarios in %s, a dry run %s", passed, a, b),
	}}, nil
}

// shipped runs the shipped scenarios and counts those that passed; one that
// did not is an error.
func shipped(ctx context.Context, flags ...string) (passed int, took time.Duration, err error) {
	root, err := goCommand(ctx, ".", "list", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return 0, 0, err
	}
	cmd := group(ctx, "go", append([]string{"test", "./scenarios/...", "-count=1", "-v"}, flags...)...)
	cmd.Dir = strings.TrimSpace(root)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	err = cmd.Run()
	took = time.Since(begin)
	if err != nil {
		log := filepath.Join(os.TempDir(), "benchtest-perf-scenarios.log")
		return 0, 0, errors.Join(fmt.Errorf("run the scenarios: %w: see %s", err, log), os.WriteFile(log, out.Bytes(), 0o600))
	}
	return len(scenarioPass.FindAll(out.Bytes(), -1)), took, nil
}
