package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, expr, text string
		fold, want       bool
	}{
		{"re2", "a+b", "caab", false, true},
		{"re2 case", "AB", "ab", false, false},
		{"re2 fold", "AB", "ab", true, true},
		{"look-ahead", "foo(?=bar)", "foobar", false, true},
		{"look-ahead not", "foo(?!bar)", "foobar", false, false},
		{"look-behind", "(?<=a)b", "ab", false, true},
		{"look-behind not", "(?<!a)b", "ab", false, false},
		{"look-ahead fold", "FOO(?=bar)", "foobar", true, true},
		{"look-ahead case", "FOO(?=bar)", "foobar", false, false},
		{"back-reference", `(\w)\1`, "hello", false, true},
		{"back-reference not", `(\w)\1`, "world", false, false},
		{"named back-reference", `(?<q>['"]).*\k<q>`, `say "x"`, false, true},
		{"atomic group", `(?>a+)b`, "aab", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := rules.Compile(c.expr, c.fold)
			require.NoError(t, err)
			got, err := p.MatchString(c.text)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			assert.Equal(t, "/"+c.expr+"/", p.String())
		})
	}
}

func TestPatternErrors(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{"(", "[a", "a**", "(?=", "(?<=a", `\1(`, "x{2,1}", "(?P<n"} {
		_, err := rules.Compile(expr, false)
		require.Error(t, err, expr)
	}
	var zero rules.Pattern
	ok, err := zero.MatchString("")
	assert.False(t, ok)
	assert.NoError(t, err)
}

func TestPatternMatchLimit(t *testing.T) {
	t.Parallel()
	evil := strings.Repeat("a", 80) + "!"
	p, err := rules.Compile(`(?=a)(a+)+$`, false)
	require.NoError(t, err)
	start := time.Now()
	_, err = p.MatchString(evil)
	require.ErrorIs(t, err, rules.ErrMatchLimit)
	assert.Less(t, time.Since(start), 10*time.Second)

	p, err = rules.Compile(`(a+)+$`, false)
	require.NoError(t, err)
	ok, err := p.MatchString(evil)
	require.NoError(t, err, "RE2 needs no limit")
	assert.False(t, ok)
}
