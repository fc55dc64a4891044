package attempt

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// readyRules reads a template's ready: rules.
func readyRules(tmpl providers.Template) ([]rules.State, error) {
	if len(tmpl.Ready) == 0 {
		return nil, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(tmpl.Ready, &doc); err != nil {
		return nil, fmt.Errorf("template %s: ready: %w", tmpl.Name, err)
	}
	list := make([]rules.State, 0, 4)
	for _, n := range doc.Content[0].Content {
		r, problems := rules.ParseState(n)
		if len(problems) > 0 {
			return nil, fmt.Errorf("template %s: ready: line %d: %s", tmpl.Name, problems[0].Line, problems[0].Text)
		}
		list = append(list, r)
	}
	return list, nil
}

// notReady names the first rule that does not hold, with what it got; empty
// when all do.
func notReady(list []rules.State, now facts.Snapshot) string {
	for i := range list {
		if res := list[i].HoldsAt(now, nil); res.Status != rules.Holds {
			return fmt.Sprintf("%q: %s: got %s %s", res.Label, res.Status, res.Got, res.Reason)
		}
	}
	return ""
}
