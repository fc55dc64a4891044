package stats

// The methods of an Estimate.
const (
	MethodNone      = "nothing scored"
	MethodWilson    = "Wilson"
	MethodScenarios = "Wilson over scenarios"
	MethodBootstrap = "cluster bootstrap over scenarios"
	MethodNewcombe  = "Newcombe"
)

// An Estimate is the rate of a suite and how well it is known.
type Estimate struct {
	Rate      float64  `json:"rate"` // mean over scenarios
	Interval  Interval `json:"interval"`
	Method    string   `json:"method"` // of the interval
	Scenarios int      `json:"scenarios"`
	Tally
}

// OfSuite estimates the pass rate of a suite as the mean over its scenarios that
// have a scored attempt. How the interval is made follows from what there is:
//
//   - one scenario, or one scored attempt at each: Wilson over the attempts;
//   - eight or more, with different rates: the bootstrap over scenarios;
//   - fewer, or all with the same rate, which leaves too little to resample:
//     Wilson with one observation a scenario, which overstates nothing.
//
// With nothing scored the interval is [0, 1]. The same seed gives the same
// interval.
func OfSuite(scenarios []Scenario, confidence float64, seed uint64) Estimate {
	e := Estimate{Interval: unknown, Method: MethodNone, Tally: Total(scenarios)}
	values := rates(scenarios)
	e.Scenarios = len(values)
	if len(values) == 0 {
		return e
	}
	e.Rate = mean(values)
	n, single := 0, true
	for _, s := range scenarios {
		if s.scored() {
			n += s.Scored
			single = single && s.Scored == 1
		}
	}
	switch _, ok := quantile(confidence); {
	case len(values) == 1 || single || !ok:
		e.Interval, e.Method = wilson(e.Rate, float64(n), confidence), MethodWilson
	case tooAlike(values):
		e.Interval, e.Method = wilson(e.Rate, float64(len(values)), confidence), MethodScenarios
	default:
		e.Interval, e.Method = bootstrap(values, confidence, seed), MethodBootstrap
	}
	return e
}
