package reports

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func newTestRun(t *testing.T) *Run {
	t.Helper()
	r, err := NewRun(filepath.Join(t.TempDir(), "runs"), NewRunID(time.Now()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r
}

func TestNewRunID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	assert.Regexp(t, `^20260102T020405Z-[0-9a-f]{6}$`, NewRunID(at))
	assert.NotEqual(t, NewRunID(at), NewRunID(at))
	assert.Less(t, NewRunID(at), NewRunID(at.Add(time.Second)))
}

func TestNewRun_refuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, id := range []string{"", ".", "..", "a/b", "../a", "/a"} {
		_, err := NewRun(filepath.Join(dir, "runs"), id)
		require.ErrorContains(t, err, "bad ID", "%q", id)
	}
	r, err := NewRun(dir, "one")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	_, err = NewRun(dir, "one")
	require.ErrorIs(t, err, fs.ErrExist)
}

func TestRun_AttemptDir(t *testing.T) {
	t.Parallel()
	r := newTestRun(t)
	d, err := r.AttemptDir("nginx/001-broken-config", 2)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, d.Close()) })
	assert.Equal(t, "attempts/nginx/001-broken-config/i2", d.Name)
	assert.Equal(t, filepath.Join(r.Dir, "attempts", "nginx", "001-broken-config", "i2"), d.Path)
	assert.DirExists(t, d.ArtifactsDir())
	_, err = r.AttemptDir("nginx/001-broken-config", 2)
	require.ErrorIs(t, err, fs.ErrExist, "evidence is never written over")
	for _, key := range []string{"", "../x", "a/../../../x", "/etc"} {
		_, err := r.AttemptDir(key, 1)
		require.Error(t, err, "%q", key)
	}
	// A link that somebody planted leads nowhere.
	outside := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(r.Dir, "attempts", "evil")))
	_, err = r.AttemptDir("evil/001", 1)
	require.Error(t, err)
	assert.NoDirExists(t, filepath.Join(outside, "001"))
}

// The directory that is kept ready for the next attempt is nobody's evidence.
func TestRun_leavesNoSpare(t *testing.T) {
	t.Parallel()
	r, err := NewRun(t.TempDir(), "one")
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			d, err := r.AttemptDir("g/001", i+1)
			if assert.NoError(t, err) {
				assert.NoError(t, d.WriteJob(rules.Job{Resolution: rules.Success}))
				assert.FileExists(t, filepath.Join(d.Path, "job.json"))
				assert.NoError(t, d.Close())
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.Close())
	entries, err := os.ReadDir(filepath.Join(r.Dir, "attempts"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no spare is left")
	entries, err = os.ReadDir(filepath.Join(r.Dir, "attempts", "g", "001"))
	require.NoError(t, err)
	assert.Len(t, entries, 20)
}

func TestRun_Publish(t *testing.T) {
	t.Parallel()
	r := newTestRun(t)
	require.NoError(t, r.Log.Append(Event{Kind: RunStarted}))
	dir := filepath.Join(t.TempDir(), "reports")
	require.NoError(t, r.Publish(dir))
	want, err := os.ReadFile(filepath.Join(r.Dir, "events.jsonl"))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// filled is a sealed attempt directory with one of everything, and its digest.
func filled(t *testing.T) (dir, head string) {
	t.Helper()
	d, err := newTestRun(t).AttemptDir("nginx/001", 1)
	require.NoError(t, err)
	for _, s := range []facts.Snapshot{
		{Host: "web1", Checkpoint: facts.Healthy}, {Host: "web2", Checkpoint: facts.Healthy}, {Host: "web1", Checkpoint: facts.Held},
	} {
		require.NoError(t, d.WriteSnapshot(s))
	}
	_, err = io.WriteString(d.Transcript(), "{}\n")
	require.NoError(t, err)
	log, err := d.Log("prepare")
	require.NoError(t, err)
	_, err = io.WriteString(log, "ok\n")
	require.NoError(t, err)
	require.NoError(t, d.WriteJob(rules.Job{Resolution: rules.Success}))
	head, err = d.Seal()
	require.NoError(t, err)
	require.NotEmpty(t, head)
	return d.Path, head
}

func TestAttemptDir_evidence(t *testing.T) {
	t.Parallel()
	dir, head := filled(t)
	require.NoError(t, VerifyEvidence(os.DirFS(dir), head))
	f, err := os.Open(filepath.Join(dir, "facts", "healthy.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	var hosts []string
	for s, err := range ReadSnapshots(f) {
		require.NoError(t, err)
		hosts = append(hosts, s.Host)
	}
	assert.Equal(t, []string{"web1", "web2"}, hosts)
	info, err := os.Stat(filepath.Join(dir, "job.json"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())
}

func TestVerifyEvidence_tampering(t *testing.T) {
	t.Parallel()
	edit := func(name string, change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, name)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, change(b), 0o600))
		}
	}
	lines := func(b []byte) [][]byte { return bytes.SplitAfter(b, []byte("\n")) }
	for _, tt := range []struct {
		name   string
		tamper func(*testing.T, string)
		aside  bool // ReadEvidence does not look there
	}{
		{"a byte", edit("job.json", func(b []byte) []byte { return bytes.Replace(b, []byte("success"), []byte("Success"), 1) }), false},
		{"cut", edit("transcript/engine.log", func(b []byte) []byte { return b[:1] }), true},
		{"emptied", edit("facts/held.jsonl", func([]byte) []byte { return nil }), false},
		{"appended", edit("facts/held.jsonl", func(b []byte) []byte { return append(b, b...) }), false},
		{"filled", edit("facts/after.jsonl", func([]byte) []byte { return []byte("{}\n") }), false},
		{"swapped", edit("facts/healthy.jsonl", func(b []byte) []byte { l := lines(b); return append(l[1], l[0]...) }), false},
		{"removed", func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(dir, "job.json")))
		}, false},
		{"linked", func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, "job.json")
			require.NoError(t, os.Rename(path, dir+".job"))
			require.NoError(t, os.Symlink(dir+".job", path))
		}, false},
		{"added", func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "logs", "x.log"), []byte("x"), 0o600))
		}, true},
		{"chain cut at its end", edit(chainName, func(b []byte) []byte { l := lines(b); return bytes.Join(l[:len(l)-2], nil) }), false},
		{"chain without its first", edit(chainName, func(b []byte) []byte { return bytes.Join(lines(b)[1:], nil) }), false},
		{"chain torn", edit(chainName, func(b []byte) []byte { return b[:len(b)-9] }), false},
		{"chain extended", edit(chainName, func(b []byte) []byte { return append(b, "{}\n"...) }), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, head := filled(t)
			tt.tamper(t, dir)
			require.ErrorIs(t, VerifyEvidence(os.DirFS(dir), head), ErrEvidence)
			root, err := os.OpenRoot(dir)
			require.NoError(t, err)
			defer root.Close()
			_, err = ReadEvidence(root.FS(), head, nil)
			if tt.aside {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrEvidence)
			}
		})
	}
}

// TestAttemptDir_heldOpen: who replaces a file's name does not get its content.
func TestAttemptDir_heldOpen(t *testing.T) {
	t.Parallel()
	d, err := newTestRun(t).AttemptDir("nginx/001", 1)
	require.NoError(t, err)
	outside := filepath.Join(t.TempDir(), "target")
	require.NoError(t, os.WriteFile(outside, nil, 0o600))
	for _, name := range []string{"job.json", "facts/held.jsonl", "evidence.jsonl"} {
		require.NoError(t, os.Remove(filepath.Join(d.Path, name)))
		require.NoError(t, os.Symlink(outside, filepath.Join(d.Path, name)))
	}
	require.NoError(t, d.WriteJob(rules.Job{}))
	require.NoError(t, d.WriteSnapshot(facts.Snapshot{Checkpoint: facts.Held}))
	head, err := d.Seal()
	require.NoError(t, err)
	b, err := os.ReadFile(outside)
	require.NoError(t, err)
	assert.Empty(t, b)
	require.ErrorIs(t, VerifyEvidence(os.DirFS(d.Path), head), ErrEvidence)
}

func TestAttemptDir_Log(t *testing.T) {
	t.Parallel()
	d, err := newTestRun(t).AttemptDir("nginx/001", 1)
	require.NoError(t, err)
	for _, name := range []string{"", "..", "a/b", `a\b`, "../x"} {
		_, err := d.Log(name)
		require.Error(t, err, "%q", name)
	}
	_, err = d.Log("engine")
	require.NoError(t, err)
	_, err = d.Log("engine")
	require.ErrorIs(t, err, fs.ErrExist)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close(), "idempotent")
	_, err = d.Log("late")
	require.ErrorIs(t, err, os.ErrClosed)
	_, err = d.Transcript().Write([]byte("late"))
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorContains(t, d.WriteSnapshot(facts.Snapshot{Checkpoint: "noon"}), "unknown checkpoint")
}

func TestBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   []string
		want string
		cut  bool
	}{
		{"below", []string{"abc"}, "abc", false},
		{"exactly", []string{"abc", "de"}, "abcde", false},
		{"within a write", []string{"abc", "def", "ghi"}, "abcde\n[benchtest: cut after 5 bytes]\n", true},
		{"between writes", []string{"abcde", "f", "g"}, "abcde\n[benchtest: cut after 5 bytes]\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			b := &Bounded{W: &out, Max: 5}
			for _, s := range tt.in {
				n, err := b.Write([]byte(s))
				require.NoError(t, err)
				assert.Equal(t, len(s), n)
			}
			assert.Equal(t, tt.want, out.String())
			assert.Equal(t, tt.cut, b.Cut())
		})
	}
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "junit.xml")
	say := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, _ = io.WriteString(w, s)
			return err
		}
	}
	require.NoError(t, WriteFile(path, 0o644, say("one", nil)))
	broken := errors.New("broken")
	require.ErrorIs(t, WriteFile(path, 0o644, say("two", broken)), broken)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "one", string(b), "the old file stays")
	require.NoError(t, WriteFile(path, 0o640, say("three", nil)))
	b, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "three", string(b))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o640), info.Mode())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing temporary is left")
}
