package benchtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternMatches(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, run string
		levels    []string
		want      bool
	}{
		{"empty runs everything", "", []string{"Test_nginx", "001-x"}, true},
		{"a group by its word", "nginx", []string{"Test_nginx", "001-x"}, true},
		{"another group", "nginx", []string{"Test_disk", "001-x"}, false},
		{"a key", "nginx/001-broken-config", []string{"Test_nginx", "001-broken-config"}, true},
		{"a key of another scenario", "nginx/001-broken-config", []string{"Test_nginx", "002-port-taken"}, false},
		{"a deeper pattern keeps its parents", "nginx/001/state/port", []string{"Test_nginx", "001-x"}, true},
		{"alternatives", "disk|nginx/002", []string{"Test_nginx", "002-y"}, true},
		{"alternatives that miss", "disk|nginx/002", []string{"Test_nginx", "001-y"}, false},
		{"a bar in parentheses is the expression's own", "(disk|nginx)", []string{"Test_nginx", "001-y"}, true},
		{"a slash in brackets is no level", "n[/g]inx", []string{"Test_nginx"}, true},
		{"anchors", "^Test_ng$", []string{"Test_nginx"}, false},
		{"an escaped bar", `a\|b`, []string{"Test_nginx"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := parsePattern(tc.run)
			require.NoError(t, err)
			assert.Equal(t, tc.want, p.matches(tc.levels...))
		})
	}
}

func TestPatternCovers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, skip string
		want       bool
	}{
		{"nothing is skipped by nothing", "", false},
		{"the group", "nginx", true},
		{"the scenario", "nginx/001", true},
		{"one rule of it leaves the scenario in", "nginx/001/state", false},
		{"another scenario", "nginx/002", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := parsePattern(tc.skip)
			require.NoError(t, err)
			assert.Equal(t, tc.want, p.covers("Test_nginx", "001-x"))
		})
	}
}

func TestOnlyGoTests(t *testing.T) {
	t.Parallel()
	assert.True(t, onlyGoTests("TestArchitecture"))
	assert.True(t, onlyGoTests("^TestX$"))
	assert.False(t, onlyGoTests("Test_nginx"))
	assert.False(t, onlyGoTests("nginx"))
	assert.False(t, onlyGoTests("Test"))
}
