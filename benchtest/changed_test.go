package benchtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
)

func TestTouch(t *testing.T) {
	t.Parallel()
	catalog, err := fixtures.LoadTemplates(fixtures.Embedded())
	require.NoError(t, err)
	sc := &scenario.Scenario{Key: "nginx/001-x", Dir: "nginx/001-x", Hosts: []scenario.Host{{Template: "debian-nginx"}}}
	for file, want := range map[string]bool{
		"scenarios/nginx/001-x/solve.sh":                     true,
		"scenarios/nginx/001-x/README.md":                    true,
		"scenarios/nginx/001-xy/solve.sh":                    false,
		"scenarios/nginx/002-y/solve.sh":                     false,
		"scenarios/main_test.go":                             true,
		"scenarios/hosts.yaml":                               true,
		"scenarios/scenarios_gen_test.go":                    false,
		"scenarios/README.md":                                false,
		"fixtures/templates/debian-nginx/template.yaml":      true,
		"fixtures/templates/debian-base/template.yaml":       true,
		"fixtures/templates/debian-docker/template.yaml":     false,
		"scenarios/templates/debian-base/files/etc/motd":     true,
		"templates/nosuch/template.yaml":                     false,
		"benchtest/rules/judge.go":                           true,
		"benchtest/rules/judge_test.go":                      false,
		"go.mod":                                             true,
		"go.sum":                                             true,
		"docs/ci/github.yml":                                 false,
		"README.md":                                          false,
		"scenarios2/nginx/001-x/solve.sh":                    false,
		"elsewhere/scenarios/nginx/001-x/solve.sh":           false,
		"scenarios/nginx/001-x/deeper/templates/x/page.html": true,
	} {
		c := &changes{files: []string{file}, pkg: "scenarios", catalog: catalog}
		assert.Equal(t, want, c.touch(sc), file)
	}
	root := &changes{files: []string{"nginx/001-x/solve.sh"}, pkg: ".", catalog: catalog}
	assert.True(t, root.touch(sc), "the package may be the repository's root")
	root.files = []string{"nginx/002-y/solve.sh"}
	assert.False(t, root.touch(sc))
	assert.False(t, (&changes{pkg: ".", catalog: catalog}).touch(sc))
}
