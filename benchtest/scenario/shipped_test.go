package scenario

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is shipped loads, and lint has nothing to say about it but what is
// known.
func TestShippedScenarios(t *testing.T) {
	t.Parallel()
	loaded, problems := Load(os.DirFS("../../scenarios"), LoadOptions{})
	assert.Empty(t, problems)
	assert.GreaterOrEqual(t, len(loaded), 8)
	for _, p := range Lint(loaded, LintOptions{}) {
		// Written with 2501's fields alone, which have no state rules: what
		// judges it is a playbook, and lint rightly says what that is worth.
		playbookAlone := p.Warning && p.File == "accounts/locked-deploy-account/scenario.json"
		assert.True(t, playbookAlone, p.String())
	}
}
