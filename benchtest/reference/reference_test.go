package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const printedFlags = `Usage of suite:
  -benchtest.cpu-cap vCPU
    	most vCPU in use at once; a | b
  -benchtest.dry-run
    	check <all>, and run nothing
  -test.v
    	verbose
`

const printedCommands = `benchtest makes things.

  init  Make

---- init
Make.

Usage: benchtest init

---- sandbox list
List.
`

func TestRender(t *testing.T) {
	t.Parallel()
	b, err := render([]byte(printedFlags), []byte(printedCommands))
	require.NoError(t, err)
	for _, want := range []string{
		"| `-benchtest.cpu-cap` | `BENCHTEST_CPU_CAP` | most vCPU in use at once; a \\| b |\n",
		"| `-benchtest.dry-run` | `BENCHTEST_DRY_RUN` | check &lt;all>, and run nothing |\n",
		"### init\n\n```\nMake.\n\nUsage: benchtest init\n```\n",
		"### sandbox list\n\n```\nList.\n```\n",
	} {
		assert.Contains(t, string(b), want)
	}
	assert.NotContains(t, string(b), "test.v`", "what is not ours")

	_, err = render(nil, []byte(printedCommands))
	require.Error(t, err, "a program that says nothing makes no empty page")
	_, err = render([]byte(printedFlags), nil)
	require.Error(t, err)
}

// internal are variables by which processes of ours talk to each other; nobody
// sets them.
var internal = []string{
	"BENCHTEST_CLEANUP", "BENCHTEST_EVENTS", "BENCHTEST_LIMA_CLOUDINIT", "BENCHTEST_LIMA_INSTANCE", "BENCHTEST_LIMA_MEMORY", "BENCHTEST_LIMA_NETWORK", "BENCHTEST_LIMA_PROGRAM", "BENCHTEST_LIMA_SHARES", "BENCHTEST_LIMA_STATE",
	"BENCHTEST_PERF_GATE", "BENCHTEST_PERF_WORK", "BENCHTEST_SETUP",
}

// TestEveryVariableIsTold: what the code reads of the environment is in the page.
func TestEveryVariableIsTold(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	told, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	name := regexp.MustCompile(`"(BENCHTEST_[A-Z_]*[A-Z])[="]`)
	found := 0
	for _, dir := range []string{"benchtest", "providers", "fixtures", "reports", "scenarios"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !production(path) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range name.FindAllStringSubmatch(string(text), -1) {
				found++
				if !slices.Contains(internal, m[1]) {
					assert.Truef(t, strings.Contains(string(told), "`"+m[1]+"`"), "%s reads %s: tell of it in reference.md.tmpl", path, m[1])
				}
			}
			return err
		})
		require.NoError(t, err)
	}
	assert.Greater(t, found, 10, "the search finds nothing any more")
}

// production reports whether path is Go that ships, and no test's.
func production(path string) bool {
	return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(filepath.Base(filepath.Dir(path)), "test")
}
