package scenarios_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// slow is an engine that works for a minute, or, where SLOW_DIR has the file
// "at", at that attempt alone and not at all at others. When it begins it leaves the file
// "working" with our process ID in SLOW_DIR. When it is told to stop it leaves
// "stopped", and with the file "stubborn" there it goes on all the same.
type slow struct{}

func (slow) Name() string { return "slow" }

func (slow) Work(ctx context.Context, w engines.Work) (rules.Job, error) {
	dir := os.Getenv("SLOW_DIR")
	if at, err := os.ReadFile(filepath.Join(dir, "at")); err == nil && strings.TrimSpace(string(at)) != w.Attempt {
		return rules.Job{}, nil
	}
	note := func(name string) error {
		return os.WriteFile(filepath.Join(dir, name), []byte(strconv.Itoa(os.Getpid())), 0o600)
	}
	if err := note("working"); err != nil {
		return rules.Job{}, err
	}
	minute := time.After(time.Minute)
	select {
	case <-minute:
		return rules.Job{}, nil
	case <-ctx.Done():
	}
	if err := note("stopped"); err != nil {
		return rules.Job{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "stubborn")); err == nil {
		<-minute
	}
	return rules.Job{}, ctx.Err()
}
