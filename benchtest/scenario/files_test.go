package scenario

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const minimal = "title: T\nticket_title: TT\nticket_body: B\n"

// onDisk makes g/a with a minimal scenario, and what more does there.
func onDisk(t *testing.T, more func(t *testing.T, dir string)) ([]*Scenario, Problems) {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "root", "g", "a")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(top, "root", "g", "b"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(minimal), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(top, "secret"), []byte("s"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(top, "root", "g", "b", "other.sh"), []byte("true"), 0o644))
	more(t, dir)
	root, err := os.OpenRoot(filepath.Join(top, "root"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, root.Close()) })
	return Load(root.FS(), LoadOptions{})
}

func TestPathsStayInTheDirectory(t *testing.T) {
	t.Parallel()
	link := func(target string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "files"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "files", "fault.sh"), []byte("true"), 0o644))
			require.NoError(t, os.Symlink(target, filepath.Join(dir, "prepare.sh")))
		}
	}
	for _, test := range []struct {
		name string
		more func(*testing.T, string)
		want string
	}{
		{"beside", link("files/fault.sh"), ""},
		{"another scenario", link("../b/other.sh"), "g/a/prepare.sh:1:1: a symbolic link to ../b/other.sh, which is outside of the scenario's directory"},
		{"outside of the root", link("../../../secret"), "g/a/prepare.sh:1:1: a symbolic link to ../../../secret, which is outside of the scenario's directory"},
		{"absolute", link("/etc/passwd"), "g/a/prepare.sh:1:1: a symbolic link to /etc/passwd, which is outside of the scenario's directory"},
		{"up and back in", link("../a/files/fault.sh"), "g/a/prepare.sh:1:1: a symbolic link to ../a/files/fault.sh, which is outside of the scenario's directory"},
		{"nowhere", link("files/none.sh"), "g/a/prepare.sh:1:1: follow symbolic link: no such file or directory"},
		{"itself", link("prepare.sh"), "g/a/prepare.sh:1:1: follow symbolic link: too many levels of symbolic links"},
		{"directory", link("files"), "g/a/prepare.sh:1:1: a symbolic link to files, which is not a regular file"},
		{"fifo", func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "prepare.sh"), 0o644))
		}, "g/a/prepare.sh:1:1: not a regular file: p---------"},
		{"the scenario file", func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(dir, "scenario.yaml")))
			require.NoError(t, os.Symlink("../../../secret", filepath.Join(dir, "scenario.yaml")))
		}, "g/a/scenario.yaml:1:1: a symbolic link to ../../../secret, which is outside of the scenario's directory\n" +
			"g/a/scenario.yaml:1:1: open file: path escapes from parent"},
		{"a directory above", func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Symlink("a", filepath.Join(filepath.Dir(dir), "c")))
		}, "g/c:1:1: warning: a symbolic link is not followed: scenarios below it are not seen"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			loaded, problems := onDisk(t, test.more)
			assert.Equal(t, test.want, problems.Error())
			assert.Equal(t, problems.Err() == nil, len(loaded) == 1)
		})
	}
}

func TestDigestIsOverEveryFile(t *testing.T) {
	t.Parallel()
	write := func(name, text string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), mode))
		}
	}
	seen := map[string]string{}
	for name, more := range map[string]func(*testing.T, string){
		"nothing more":   func(*testing.T, string) {},
		"a script":       write("prepare.sh", "true", 0o644),
		"another text":   write("prepare.sh", "false", 0o644),
		"executable":     write("prepare.sh", "true", 0o755),
		"another name":   write("restore.sh", "true", 0o644),
		"a support file": write("notes", "true", 0o644),
		"an empty file":  write("notes", "", 0o644),
	} {
		first, problems := onDisk(t, more)
		require.NoError(t, problems.Err())
		again, _ := onDisk(t, more)
		assert.Equal(t, first[0].Digest, again[0].Digest, name)
		assert.Empty(t, seen[first[0].Digest], name)
		seen[first[0].Digest] = name
		assert.Equal(t, "g/a", first[0].Key)
	}
}
