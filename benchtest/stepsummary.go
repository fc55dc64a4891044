package benchtest

import (
	"errors"
	"fmt"
	"os"

	"github.com/benchtest-dev/benchtest/reports"
)

// stepSummary is the variable in which GitHub's runners name the file that a
// step's Markdown is appended to.
const stepSummary = "GITHUB_STEP_SUMMARY"

// writeStepSummary appends the run to a step's summary; an empty path is none.
func writeStepSummary(path string, attempts []reports.Attempt, info reports.RunInfo) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("%s: %w", stepSummary, err)
	}
	return errors.Join(reports.WriteMarkdown(f, attempts, info), f.Close())
}
