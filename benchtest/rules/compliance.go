package rules

// A Compliance rule says how the machine may be fixed. ParseCompliance makes one.
type Compliance struct {
	Label     string
	Scope     Scope // gateway, job or tasks
	Validator string
	Required  bool
	Negate    bool

	check complianceCheck
}
