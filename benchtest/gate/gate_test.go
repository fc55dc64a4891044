package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"any":                 "any",
		"never":               "never",
		"min-pass-rate=0.80":  "min-pass-rate=0.8",
		"min-pass-rate=1":     "min-pass-rate=1",
		"error-budget=0":      "error-budget=0",
		" min-lower-bound=.7": "min-lower-bound=0.7",
		"no-regression=../a=b, error-budget=0.05": "no-regression=../a=b,error-budget=0.05",
	} {
		g, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, g.String())
		assert.Equal(t, want == "any", g.Any())
	}
}

func TestParseSaysWhatIsWanted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      `"" is no gate: want any, never, min-pass-rate=0.8`,
		"some":                                  `"some" is no gate: want any`,
		"any,never":                             "any stands alone",
		"error-budget=0.1,never":                "never stands alone",
		"never=1":                               "never stands alone",
		"min-pass-rate":                         "min-pass-rate=: want a number from 0 to 1, such as min-pass-rate=0.8",
		"min-pass-rate=80%":                     "want a number from 0 to 1",
		"min-pass-rate=80":                      "want a number from 0 to 1",
		"min-pass-rate=NaN":                     "want a number from 0 to 1",
		"error-budget=-0.1":                     "want a number from 0 to 1",
		"min-pass-rate=0":                       "lets everything pass",
		"error-budget=1":                        "lets everything pass",
		"min-lower-bound=1":                     "no interval begins there",
		"min-lower-bound=0":                     "no interval begins there",
		"no-regression":                         "names no run",
		"no-regression=":                        "names no run",
		"min-pass-rate=0.8,":                    `"" is no gate`,
		"min-pass-rate=0.8,min-pass-rate=0.900": "min-pass-rate stands twice",
	} {
		_, err := Parse(text)
		assert.ErrorContains(t, err, want, text)
	}
}

// run makes scenarios of passed, scored and attempted.
func run(numbers ...int) []stats.Scenario {
	var list []stats.Scenario
	for i := 0; i < len(numbers); i += 3 {
		list = append(list, stats.Scenario{Key: string(rune('a' + i/3)), Tally: stats.Tally{Passed: numbers[i], Scored: numbers[i+1], Attempted: numbers[i+2]}})
	}
	return list
}

func TestDecide(t *testing.T) {
	t.Parallel()
	four := run(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1) // 4 of 5
	for _, c := range []struct {
		name, gate    string
		run, baseline []stats.Scenario
		failed        bool
		decided, says string
	}{
		{"a rate that is reached passes", "min-pass-rate=0.8", four, nil, false, "min-pass-rate=0.8", "pass rate 0.8 against 0.8: 4 passed, 5 scored of 5 attempted"},
		{"one that is not fails", "min-pass-rate=0.81", four, nil, true, "min-pass-rate=0.81", "pass rate 0.8 against 0.81"},
		{"a small run shows little", "min-lower-bound=0.4", four, nil, true, "min-lower-bound=0.4", "lower bound 0.376 against 0.4"},
		{"but it shows something", "min-lower-bound=0.37", four, nil, false, "min-lower-bound=0.37", "Wilson"},
		{"errored attempts are in no rate", "min-pass-rate=1", run(1, 1, 3), nil, false, "min-pass-rate=1", "1 passed, 1 scored of 3 attempted"},
		{"the budget counts them", "error-budget=0.5", run(1, 1, 3), nil, true, "error-budget=0.5", "error rate 0.667 against 0.5"},
		{"a budget that is kept", "error-budget=0.7", run(1, 1, 3), nil, false, "error-budget=0.7", "error rate 0.667"},
		{"the first that fails decides", "min-pass-rate=0.5,error-budget=0.5,min-lower-bound=0.9", run(1, 1, 3), nil, true, "error-budget=0.5", "error rate"},
		{"all that hold are named", "min-pass-rate=0.5,error-budget=0.7", run(1, 1, 3), nil, false, "min-pass-rate=0.5,error-budget=0.7", "; error rate"},
		{"never fails", "never", run(0, 3, 3), nil, false, "never", "0 passed, 3 scored of 3 attempted"},
		{"never, with nothing at all", "never", nil, nil, false, "never", "0 passed"},
		{"nothing scored has no rate", "min-pass-rate=0.1", run(0, 0, 4), nil, true, "min-pass-rate=0.1", "nothing was scored"},
		{"nor a bound", "min-lower-bound=0.1", nil, nil, true, "min-lower-bound=0.1", "nothing was scored"},
		{"nor a budget", "error-budget=0.9", nil, nil, true, "error-budget=0.9", "nothing was scored"},
		{"nor a comparison", "no-regression=x", run(0, 0, 4), four, true, "no-regression=x", "nothing was scored"},
		{"no regression", "no-regression=x", four, four, false, "no-regression=x", "pass rate +0 over 5 scenarios of both runs"},
		{"one worse of five is no proof", "no-regression=x", four, run(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), false, "no-regression=x", "McNemar p = 1"},
		{"a scenario that is worse beyond chance", "no-regression=x", run(10, 10, 10, 0, 10, 10), run(10, 10, 10, 10, 10, 10), true, "no-regression=x", "worse: b"},
		{"nothing in common", "no-regression=x", run(1, 1, 1), []stats.Scenario{{Key: "z", Tally: stats.Tally{Passed: 1, Scored: 1, Attempted: 1}}}, true, "no-regression=x", "no scenario was scored in both runs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, err := Parse(c.gate)
			require.NoError(t, err)
			v := g.Decide(c.run, c.baseline)
			assert.Equal(t, c.failed, v.Failed, v.Reason)
			assert.Equal(t, c.decided, v.Gate)
			assert.Contains(t, v.Reason, c.says)
			assert.NotContains(t, v.Reason, "\n")
		})
	}
	none := Gate{}
	assert.False(t, none.Decide(run(0, 1, 1), nil).Failed, "without a gate go test decides")
	assert.Empty(t, none.Baseline())
}
