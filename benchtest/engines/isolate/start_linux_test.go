package isolate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
)

// BenchmarkStart is what confining costs an attempt: /bin/true by the engine
// command with a cell, from its opening to its close, and without.
func BenchmarkStart(b *testing.B) {
	requireRoot(b)
	c := &engines.Command{Argv: []string{"/bin/true"}}
	b.Run("none", func(b *testing.B) {
		o := newOffice(b)
		for b.Loop() {
			_, err := c.Work(b.Context(), o.Work)
			require.NoError(b, err)
		}
	})
	b.Run("cell", func(b *testing.B) {
		o := newOffice(b)
		config := isolate.Config{Binary: executable(b), Dir: o.Work.Dir, Hide: []string{"/srv"}}
		for b.Loop() {
			cell, err := warden.Open(b.Context(), config)
			require.NoError(b, err)
			o.Work.Cell = cell
			_, err = c.Work(b.Context(), o.Work)
			require.NoError(b, err)
			require.NoError(b, cell.Close())
		}
	})
}
