package scenario

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is shipped loads, and lint has nothing to say about it.
func TestShippedScenarios(t *testing.T) {
	t.Parallel()
	loaded, problems := Load(os.DirFS("../../scenarios"), LoadOptions{})
	assert.Empty(t, problems)
	assert.GreaterOrEqual(t, len(loaded), 8)
	assert.Empty(t, Lint(loaded, LintOptions{}))
}
