package benchtest

import (
	"fmt"
	"io"
	"os"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
)

// loadScenarios reads every scenario below dir. Warnings are told to w; errors
// are returned, all of them. Both name files as they are reached from the
// module's root, which is where people stand.
func loadScenarios(w io.Writer, dir string, catalog *fixtures.Catalog) ([]*scenario.Scenario, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open scenarios: %w", err)
	}
	// The root stays open: scenarios read their files through it.
	all, problems := scenario.Load(root.FS(), scenario.LoadOptions{Templates: catalog.Names()})
	problems = problems.Under(packagePath(dir))
	for _, p := range problems.Warnings() {
		tell(w, "%s", p)
	}
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("load scenarios:\n%w", err)
	}
	return all, nil
}
