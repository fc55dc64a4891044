package benchtest

import (
	"encoding/json"
	"strings"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// secrets are Config's, and the values of the variables that engines are given.
func secrets(c Config, engineEnv string, lookup func(string) (string, bool)) []string {
	list := append([]string{}, c.Secrets...)
	for name := range strings.SplitSeq(engineEnv, ",") {
		if value, set := lookup(strings.TrimSpace(name)); set {
			list = append(list, value)
		}
	}
	return list
}

// hide is v without secrets, in whatever field they stand. What it holds that is
// no JSON stays behind.
func hide[T any](set *redact.Set, v T) T {
	if set == nil {
		return v
	}
	text, err := json.Marshal(v)
	if err != nil {
		return *new(T) // rather nothing than a secret
	}
	var clean T
	if json.Unmarshal(set.JSON(text), &clean) != nil {
		return *new(T)
	}
	return clean
}

// hideAttempt is rec without secrets. What says which attempt it is, and how it
// ended, is ours and stays, should a secret be an ordinary word.
func hideAttempt(set *redact.Set, rec reports.Attempt) reports.Attempt {
	clean := hide(set, rec)
	clean.RunID, clean.Key, clean.Iteration, clean.Test = rec.RunID, rec.Key, rec.Iteration, rec.Test
	clean.Outcome, clean.Dir = rec.Outcome, rec.Dir
	return clean
}
