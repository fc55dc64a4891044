package lima

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The program in the guest answers alike with perl and without. It runs as
// nobody here, who can set no clock.
func TestConsoleProgram(t *testing.T) {
	t.Parallel()
	encoded := func(script string) string { return base64.StdEncoding.EncodeToString([]byte(script)) }
	for _, tools := range []string{"sh stty uname base64 date perl", "sh stty uname base64 date"} {
		t.Run(tools, func(t *testing.T) {
			t.Parallel()
			bin, err := os.MkdirTemp("", "benchtest-console-") //nolint:usetesting // nobody can look into its directory
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, os.RemoveAll(bin)) })
			require.NoError(t, os.Chmod(bin, 0o755))
			for name := range strings.FieldsSeq(tools) {
				path, err := exec.LookPath(name)
				require.NoError(t, err)
				require.NoError(t, os.Symlink(path, filepath.Join(bin, name)))
			}
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", consoleScript)
			cmd.Dir, cmd.Env = "/", []string{"PATH=" + bin}
			if os.Geteuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			cmd.Stdin = strings.NewReader(fmt.Sprintf("\nA run %s\n\nB run %s\n\nC wake 7 000000008 seed\n\nD dance\n", encoded("true"), encoded("exit 3")))
			out, err := cmd.Output()
			require.NoError(t, err)
			var answers []string
			for line := range strings.Lines(string(out)) {
				if line = strings.TrimSpace(line); len(strings.Fields(line)) == 2 { // those to empty lines are nobody's
					answers = append(answers, line)
				}
			}
			assert.Equal(t, []string{"A 0", "B 3", "C 1", "D 127"}, answers)
		})
	}
}
