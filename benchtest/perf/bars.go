package main

// bars are the promises, in the order in which they are measured.
func bars() []bar {
	return []bar{
		{name: "clone-cold", bound: 1.3, measure: measureCold},
		{name: "handover-warm", bound: 10, unit: "ms", measure: measureHandover},
		{name: "facts-50", bound: 0.1, measure: measureFacts},
		{name: "clone-size", bound: 1.2, measure: measureSize},
	}
}
