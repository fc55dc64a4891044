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
	want := []secret{{"Config.Secrets[0]", "own"}, {"KEY", "key"}, {"TOKEN", "token"}}
	assert.Equal(t, want, secrets(Config{Secrets: []string{"own"}}, "KEY, TOKEN,UNSET", lookup))
}

func TestHidingSaysWhatIsTooShort(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text  string
		short bool // and so is told of
		shown string
	}{
		{"", false, "x  y"},
		{"1", false, "x 1 y"},
		{"ab", true, "x ab y"},
		{"hunt2", true, "x hunt2 y"},
		{"hunte2", false, "x " + redact.Mark + " y"},
	} {
		set, short := hiding([]secret{{"KEY", tc.text}})
		assert.Equal(t, tc.short, len(short) > 0, tc.text)
		assert.Equal(t, tc.shown, set.String("x "+tc.text+" y"))
	}
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
