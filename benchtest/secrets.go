package benchtest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/otel"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// A secret is a text that nothing may show, and where it comes from.
type secret struct{ from, text string }

// secrets are Config's, and the values of the variables that engines are given.
func secrets(c Config, engineEnv string, lookup func(string) (string, bool)) []secret {
	var list []secret
	for i, text := range c.Secrets {
		list = append(list, secret{fmt.Sprintf("Config.Secrets[%d]", i), text})
	}
	for name := range strings.SplitSeq(engineEnv, ",") {
		name = strings.TrimSpace(name)
		if value, set := lookup(name); set {
			list = append(list, secret{name, value})
		}
	}
	return list
}

// hiding is the Set of what can be hidden, and where what is too short for that
// comes from. A single character is a switch, and no secret.
func hiding(list []secret) (set *redact.Set, tooShort []string) {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = s.text
		if n := len(s.text); n > 1 && n < redact.Shortest {
			tooShort = append(tooShort, s.from)
		}
	}
	return redact.New(texts), tooShort
}

// chooseSecrets settles what nothing may show, and tells of what cannot be hidden.
func (s *suite) chooseSecrets() {
	var tooShort []string
	list := secrets(s.config, s.set.engineEnv, os.LookupEnv)
	for _, key := range otel.Secrets(os.LookupEnv) {
		list = append(list, secret{"a key for the OpenTelemetry collector", key})
	}
	s.secrets, tooShort = hiding(list)
	for _, from := range tooShort {
		tell(os.Stderr, "benchtest: warning: %s is shorter than %d bytes and stays in logs, evidence and reports: what is to be hidden has to be longer", from, redact.Shortest)
	}
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
