package benchtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

func TestSecretsAreConfigsAndTheEngines(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) { return strings.ToLower(name), name != "UNSET" }
	assert.Equal(t, []string{"own", "key", "token"}, secrets(Config{Secrets: []string{"own"}}, "KEY, TOKEN,UNSET", lookup))
}

func TestHideAttemptKeepsWhatIsOurs(t *testing.T) {
	t.Parallel()
	rec := reports.Attempt{RunID: "r", Key: "passed/1", Outcome: rules.Passed, Dir: "passed", Reason: "it passed with hunter22", Results: []rules.Result{{Raw: "hunter22"}}}
	clean := hideAttempt(redact.New([]string{"hunter22", "passed"}), rec)
	assert.Equal(t, []string{"passed/1", "passed", "passed"}, []string{clean.Key, string(clean.Outcome), clean.Dir})
	assert.Equal(t, "it "+redact.Mark+" with "+redact.Mark, clean.Reason)
	assert.Equal(t, redact.Mark, clean.Results[0].Raw)
	assert.Equal(t, rec, hideAttempt(nil, rec))
}
