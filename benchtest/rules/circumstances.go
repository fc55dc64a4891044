package rules

// Circumstances are what a verdict rests on beside facts and the job record.
// They are recorded with it, so that the evidence can be judged again. The
// zero value says that the rules never had their say.
type Circumstances struct {
	// Judged says that the outcome is the rules': nothing broke before them.
	Judged bool `json:"judged"`
	// EngineActed says that the engine had its first action (connected to a host).
	EngineActed bool `json:"engine_acted,omitempty"`
	// ProviderWell says that provider and driver were well all the time.
	ProviderWell bool `json:"provider_well,omitempty"`
	// TimedOut says that the engine used up its own time.
	TimedOut bool `json:"timed_out,omitempty"`
	// RequireObserved is -benchtest.evidence=observed: no required rule may
	// rest on the engine's own word.
	RequireObserved bool `json:"require_observed,omitempty"`
}
