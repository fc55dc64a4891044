package engines_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
)

type own struct {
	engines.Noop
	main, secondary string
}

func (own) Name() string { return "own" }

func (own) WithModels(main, secondary string) (engines.Engine, error) {
	return own{main: main, secondary: secondary}, nil
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	var r engines.Registry
	assert.Empty(t, r.Names())
	r.Register(engines.Noop{})
	r.Register(engines.Mock{})
	assert.Equal(t, []string{"mock", "noop"}, r.Names())
	e, err := r.Lookup("mock")
	require.NoError(t, err)
	assert.Equal(t, engines.Mock{}, e)
	_, err = r.Lookup("claude")
	require.EqualError(t, err, `engine "claude" is unknown: have mock, noop`)
	assert.PanicsWithValue(t, "benchtest: engine registered twice: noop", func() { r.Register(engines.Noop{}) })
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		settings engines.Settings
		want     engines.Engine
		err      string
	}{
		{"oracle", engines.Settings{}, engines.Solver{}, ""},
		{"noop", engines.Settings{}, engines.Noop{}, ""},
		{"mock", engines.Settings{}, engines.Mock{}, ""},
		{"own", engines.Settings{}, own{}, ""},
		{"own", engines.Settings{Main: "big"}, own{main: "big"}, ""},
		{"command", engines.Settings{Command: "agent -p", Env: "KEY"}, &engines.Command{Argv: []string{"agent", "-p"}, Env: []string{"KEY"}}, ""},
		{"command", engines.Settings{}, nil, "engine command needs a program: -benchtest.engine-cmd='PROGRAM ARGS'"},
		{"orcale", engines.Settings{}, nil, `engine "orcale" is unknown: have command, mock, noop, oracle, own`},
		{"noop", engines.Settings{Secondary: "small"}, nil, `engine "noop" does not let its model be chosen`},
	} {
		r := &engines.Registry{}
		r.Register(own{})
		e, err := engines.Choose(r, tt.name, tt.settings)
		if tt.err != "" {
			require.EqualError(t, err, tt.err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, tt.want, e)
	}
	taken := &engines.Registry{}
	taken.Register(engines.Mock{})
	assert.Panics(t, func() { _, _ = engines.Choose(taken, "mock", engines.Settings{}) })
}
