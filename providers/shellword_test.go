package providers_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestShellWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"":             "''",
		"./scenarios":  "./scenarios",
		"-x=a,b:c@d%e": "-x=a,b:c@d%e",
		"two words":    "'two words'",
		"^a$":          "'^a$'",
		"it's":         `'it'\''s'`,
		"~":            "'~'",
		"é":            "'é'",
	} {
		assert.Equal(t, want, providers.ShellWord(word))
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+want).Output()
		require.NoError(t, err)
		assert.Equal(t, word, string(out), "the shell reads it back")
	}
}
