package scenario

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func mapOf(name, data string) fs.FS { return fstest.MapFS{name: {Data: []byte(data)}} }

// FuzzLoad: whatever the bytes, Load ends soon, in a scenario or in errors at
// places in the file, and what it loads can be linted and generated.
func FuzzLoad(f *testing.F) {
	f.Add(laughs(), false)
	f.Fuzz(func(t *testing.T, data string, asJSON bool) {
		name := "g/a/scenario.yaml"
		if asJSON {
			name = "g/a/scenario.json"
		}
		start := time.Now()
		loaded, problems := Load(mapOf(name, data), LoadOptions{})
		require.Less(t, time.Since(start), 10*atOnce, "a fuzzing machine is busy")
		require.Equal(t, problems.Err() == nil, len(loaded) == 1)
		requirePlaces(t, problems, map[string]string{name: data})
		for _, p := range Lint(loaded, LintOptions{}) {
			require.NotEmpty(t, p.Text)
		}
		_, err := Generate("scenarios", loaded)
		require.NoError(t, err)
		if len(loaded) == 1 {
			again, _ := Load(mapOf(name, data), LoadOptions{})
			require.Equal(t, loaded[0].Digest, again[0].Digest)
			require.Equal(t, loaded[0].Key, again[0].Key)
		}
	})
}

// requirePlaces: each problem says something about a place that is in one of
// the files.
func requirePlaces(t *testing.T, problems Problems, files map[string]string) {
	t.Helper()
	for _, p := range problems {
		require.Contains(t, files, p.File)
		require.NotEmpty(t, p.Text)
		ends, longest := 0, 0
		for l := range strings.SplitSeq(files[p.File], "\n") {
			longest = max(longest, utf8.RuneCountInString(l))
		}
		for _, r := range files[p.File] {
			if endsLine(r) {
				ends++
			}
		}
		require.Positive(t, p.Line)
		require.LessOrEqual(t, p.Line, ends+1, "%s", p)
		require.Positive(t, p.Column)
		require.LessOrEqual(t, p.Column, longest+1, "%s", p)
	}
}

// endsLine reports whether YAML, too, ends a line there.
func endsLine(r rune) bool { return strings.ContainsRune("\n\r\u0085\u2028\u2029", r) }

// FuzzInventory: an inventory makes groups of the scenario's own hosts, or
// errors at places, and no line of it hides those that follow.
func FuzzInventory(f *testing.F) {
	const scenario = "title: T\nticket_title: TT\nticket_body: B\nhosts: [{host_name: web1}, {host_name: db1}, {host_name: web2}]\n"
	f.Add("[web]\n# "+strings.Repeat("x", 70<<10)+"\nweb1\n", false) // longer than a bufio.Scanner takes
	f.Fuzz(func(t *testing.T, data string, asYAML bool) {
		name := "g/a/inventory.ini"
		if asYAML {
			name = "g/a/inventory.yml"
		}
		load := func(data string) ([]*Scenario, Problems) {
			return Load(fstest.MapFS{"g/a/scenario.yaml": {Data: []byte(scenario)}, name: {Data: []byte(data)}}, LoadOptions{})
		}
		start := time.Now()
		loaded, problems := load(data)
		require.Less(t, time.Since(start), 10*atOnce, "a fuzzing machine is busy")
		requirePlaces(t, problems, map[string]string{name: data})
		if problems.Err() != nil {
			require.Empty(t, loaded)
			return
		}
		for group, hosts := range loaded[0].Groups {
			require.NotEmpty(t, hosts, group)
			require.Subset(t, []string{"web1", "db1", "web2"}, hosts)
			require.True(t, slices.IsSorted(hosts))
			require.Len(t, slices.Compact(slices.Clone(hosts)), len(hosts))
		}
		if asYAML {
			return
		}
		loaded, problems = load(data + "\n[last_of_all]\nweb2\n")
		require.NoError(t, problems.Err())
		require.Contains(t, loaded[0].Groups["last_of_all"], "web2")
	})
}
