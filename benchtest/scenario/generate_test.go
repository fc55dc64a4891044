package scenario

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGenerate(t *testing.T) {
	t.Parallel()
	scenarios := suite(t)
	got, err := Generate("scenarios_test", scenarios)
	require.NoError(t, err)
	golden(t, "generated.golden", got)

	slices.Reverse(scenarios)
	again, err := Generate("scenarios_test", scenarios)
	require.NoError(t, err)
	assert.Equal(t, string(got), string(again), "the order of the scenarios does not matter")

	file, err := parser.ParseFile(token.NewFileSet(), GeneratedFile, got, parser.ParseComments)
	require.NoError(t, err)
	assert.True(t, ast.IsGenerated(file))
	var tests []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			tests = append(tests, f.Name.Name)
		}
	}
	assert.Equal(t, []string{"Test_dns", "Test_nginx", "Test_ops"}, tests)
}

func TestGenerateNothing(t *testing.T) {
	t.Parallel()
	got, err := Generate("x", nil)
	require.NoError(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), GeneratedFile, got, 0)
	require.NoError(t, err)
	assert.Len(t, file.Imports, 1, "testing would be imported and not used")
	_, err = Generate("not a name", nil)
	assert.EqualError(t, err, `generate table: "not a name" cannot be a package's name`)
}

func TestWriteGenerated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, GeneratedFile)
	write := func(content string, check, want bool) {
		t.Helper()
		changed, err := WriteGenerated(dir, []byte(content), check)
		require.NoError(t, err)
		assert.Equal(t, want, changed)
	}
	write("one", true, true)
	assert.NoFileExists(t, file, "check writes nothing")
	write("one", false, true)
	before, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), before.Mode().Perm())
	write("one", false, false)
	write("one", true, false)
	after, err := os.Stat(file)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "identical bytes are not written again")
	write("two", false, true)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "two", string(got))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no temporary file is left")

	_, err = WriteGenerated(filepath.Join(dir, "none"), []byte("x"), false)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestDiff(t *testing.T) {
	t.Parallel()
	loaded := suite(t)
	table := entries(loaded)
	assert.Empty(t, Diff(table, loaded))

	changed := *loaded[0]
	changed.Tags = append(slices.Clone(changed.Tags), "more")
	assert.Equal(t, []string{
		changed.Key + " has changed",
		"gone/001-x is in the table and not on disk",
		"nginx-broken-config is not in the table",
	}, Diff(append(table[:2:2], Entry{Key: "gone/001-x"}), []*Scenario{loaded[1], loaded[2], &changed}))
}

func TestTableDigestIsOfTheIdentity(t *testing.T) {
	t.Parallel()
	s := *byKey(t, "nginx/001-broken-config")
	first := s.TableDigest()
	assert.Regexp(t, `^[0-9a-f]{16}$`, first)
	s.Digest, s.TicketBody, s.State = "other", "other", nil
	assert.Equal(t, first, s.TableDigest(), "scripts, ticket and rules may change")
	for name, change := range map[string]func(*Scenario){
		"key":      func(s *Scenario) { s.Key = "nginx/002" },
		"dir":      func(s *Scenario) { s.Dir = "nginx/002" },
		"tags":     func(s *Scenario) { s.Tags = []string{"x"} },
		"template": func(s *Scenario) { s.Hosts = []Host{{HostName: "web1", Template: "debian-base"}} },
		"expect":   func(s *Scenario) { s.Expect = ExpectNoAction },
	} {
		c := s
		change(&c)
		assert.NotEqual(t, first, c.TableDigest(), name)
	}
}
