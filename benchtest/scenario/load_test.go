package scenario

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLoadSaysWhere(t *testing.T) {
	t.Parallel()
	archives(t, "load", func(t *testing.T, root fs.FS) string {
		t.Helper()
		start := time.Now()
		loaded, problems := Load(root, LoadOptions{Templates: []string{"debian-base", "debian-nginx"}})
		assert.Less(t, time.Since(start), atOnce)
		return told(problems, loaded)
	})
}
