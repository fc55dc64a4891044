package reports

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestStripANSI(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"colour", "a\x1b[31mb\x1b[0m", "ab"},
		{"title, which holds text", "a\x1b]0;root@web1\x07b", "a\x1b]0;root@web1\x07b"},
		{"title, ended by ST", "a\x1b]0;x\x1b\\b", "a\x1b]0;x\x1b\\b"},
		{"device control, which holds text", "a\x1bPx\x1b\\b", "a\x1bPx\x1b\\b"},
		{"two bytes", "a\x1bMb", "ab"},
		{"left open", "a\x1b]0;x\nb\x07c", "a\x1b]0;x\nb\x07c"},
		{"none", "plain", "plain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, stripANSI(tt.text))
		})
	}
}

// A guest that leaves a sequence open hides nothing of what follows.
func TestOpenSequenceHidesNothing(t *testing.T) {
	t.Parallel()
	a := Attempt{Outcome: rules.Failed, Results: []rules.Result{
		{Label: "page", Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Got: "x\x1b]0;", Raw: "y"},
		{Label: "unit", Scope: rules.ScopeState, Required: true, Status: rules.DoesNotHold, Got: "z\x07"},
	}}
	c := newJUnitCase("g", "n", a, RunInfo{})
	assert.Contains(t, string(c.Failure.Text), "state/unit")
	assert.Contains(t, string(c.Failure.Text), "raw        y")
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain\ttext\nline":        "plain\ttext\nline",
		"grün 日本":                  "grün 日本",
		"a\x1b[31mred\x00b\x7f":    `a\x1b[31mred\x00b\x7f`,
		"user\u202etxt.exe\u2066":  `user\u202etxt.exe\u2066`,
		"zero\u200bwidth\ufeff":    `zero\u200bwidth\ufeff`,
		"bad\xff\xfeutf8":          `bad\xff\xfeutf8`,
		"back\rover":               `back\x0dover`,
		"line\u2028and \U000e0041": `line\u2028and \U000e0041`,
	} {
		assert.Equal(t, want, Visible(text))
	}
}
