package rules_test

import (
	"testing"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A hundred rules over one attempt with thirty samples: what re-scoring pays.
func BenchmarkJudgeHundredRules(b *testing.B) {
	r, problems := rules.ParseState(node(b, "{label: l, file: /f, expect: {mode: '0644', contents: [listen, '!/err(or)?/'], sha256: {unchanged-since: healthy}}, within: 20s, for: 10s}"))
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	f := fact(r, map[string]any{"mode": "0644", "contents": "server {\n  listen 80;\n}\n", "sha256": "abc"})
	e := rules.StateEvidence{
		Healthy: snap(facts.Healthy, 0, f), Faulted: snap(facts.Faulted, 0, f), After: snap(facts.After, 0, f), Held: snap(facts.Held, 30*s, f),
		EngineActed: true, ProviderWell: true,
	}
	for i := range 29 {
		e.Samples = append(e.Samples, snap(facts.Sample, time.Duration(i+1)*s, f))
	}
	e = e.Prepared()
	for b.Loop() {
		for range 100 {
			if res := rules.JudgeState(&r, e); res.Status != rules.Holds {
				b.Fatal(res)
			}
		}
	}
}
