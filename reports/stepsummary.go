package reports

import (
	"errors"
	"fmt"
	"os"
)

// StepSummary is the variable in which GitHub's runners name the file that a
// step's Markdown is appended to.
const StepSummary = "GITHUB_STEP_SUMMARY"

// AppendStepSummary appends the run to the file of a step's summary; an empty
// path is none.
func AppendStepSummary(path string, attempts []Attempt, info RunInfo) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("%s: %w", StepSummary, err)
	}
	return errors.Join(WriteMarkdown(f, attempts, info), f.Close())
}
