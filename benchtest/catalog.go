package benchtest

import (
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// loadCatalog reads the template definitions: the user's before the embedded ones.
func loadCatalog(c Config, dir string) (*fixtures.Catalog, error) {
	own := c.Templates
	if own == nil {
		own = os.DirFS(filepath.Join(dir, "templates")) // empty when it is not there
	}
	return fixtures.LoadTemplates(own, fixtures.Embedded())
}
