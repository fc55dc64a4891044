package main

// bars are the promises, in the order in which they are measured.
func bars() []bar {
	return []bar{
		{name: "clone-cold", bound: 1.3, measure: measureCold},
	}
}
