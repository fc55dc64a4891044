package benchtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
)

// named is an engine that is called so.
type named struct {
	engines.Noop
	name string
}

func (n named) Name() string { return n.name }

func TestChooseEngine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, chosen string
		own          []engines.Engine
		err          string
	}{
		{"benchtest's", "noop", nil, ""},
		{"the user's", "mine", []engines.Engine{named{name: "mine"}, named{name: "other"}}, ""},
		{"a name of benchtest's", "noop", []engines.Engine{named{name: "oracle"}}, `Config.Engines: "oracle" is benchtest's own name: choose another`},
		{"one name twice", "noop", []engines.Engine{named{name: "mine"}, named{name: "mine"}}, `Config.Engines: two are called "mine": rename one`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e, err := chooseEngine(Config{Engines: tc.own}, &settings{engine: tc.chosen})
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.chosen, e.Name())
		})
	}
}
