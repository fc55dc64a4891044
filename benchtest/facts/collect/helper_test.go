//go:build linux

package collect

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// testNow is the observer's clock in tests.
func testNow() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// tree writes files below a fresh directory. A name that ends in a slash is a
// directory, a text that begins with "->" a symlink.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	top := t.TempDir()
	for name, text := range files {
		path := filepath.Join(top, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		target, link := strings.CutPrefix(text, "->")
		switch {
		case strings.HasSuffix(name, "/"):
			require.NoError(t, os.MkdirAll(path, 0o755))
		case link:
			require.NoError(t, os.Symlink(target, path))
		default:
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
	}
	return top
}

// testEnv is an Env over fixture trees; nil stands for the machine's own.
func testEnv(t *testing.T, root, proc map[string]string) *Env {
	t.Helper()
	e, err := Local()
	require.NoError(t, err)
	e.Now = testNow
	if root != nil {
		e.Root.Close()
		e.Root, err = OpenRoot(tree(t, root))
		require.NoError(t, err)
	}
	if proc != nil {
		e.Proc.Close()
		e.Proc, err = OpenProc(tree(t, proc))
		require.NoError(t, err)
	}
	t.Cleanup(e.Close)
	return e
}

// askOne answers one query.
func askOne(t *testing.T, e *Env, q facts.Query) facts.Fact {
	t.Helper()
	return Run(t.Context(), e, facts.Request{Queries: []facts.Query{q}}).Facts[0]
}

// attrsOf answers one query, which must be answerable.
func attrsOf(t *testing.T, e *Env, q facts.Query) map[string]any {
	t.Helper()
	fact := askOne(t, e, q)
	require.Empty(t, fact.Error)
	return fact.Attrs
}

// list is a list as facts have it.
func list(elements ...string) []any {
	l := []any{}
	for _, e := range elements {
		l = append(l, e)
	}
	return l
}

// fakeProcess adds a process to a fixture procfs.
func fakeProcess(proc map[string]string, pid, comm, exe, args, uid, start string) {
	proc[pid+"/stat"] = pid + " (" + comm + ") S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 " + start + " 1 1\n"
	proc[pid+"/status"] = "Name:\t" + comm + "\nUid:\t0\t" + uid + "\t0\t0\nNSpid:\t" + pid + "\n"
	proc[pid+"/cmdline"] = strings.ReplaceAll(args, " ", "\x00") + "\x00"
	proc[pid+"/exe"] = "->" + exe
}

func newTestSession(e *Env, limit time.Duration) *session {
	return newSession(context.Background(), e, facts.Request{Limit: limit})
}
