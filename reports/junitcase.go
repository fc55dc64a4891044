package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func newJUnitCase(group, name string, a Attempt, info RunInfo) *junitCase {
	c := &junitCase{
		Class:      legalXML(group),
		Name:       legalXML(name),
		Time:       junitSeconds(a.Phases.Total()),
		Properties: &junitProps{List: attemptProps(a)},
		Out:        xmlText(caseOutput(a, info.Dir)),
	}
	c.retried(a)
	end := &junitEnd{Type: string(a.Outcome), Message: legalXML(clip(Headline(a), maxJUnitMessage)), Text: xmlText(whyNot(a))}
	switch {
	case a.Outcome == rules.Passed:
	case a.Outcome == rules.Skipped:
		c.Skipped = skippedEnd(Headline(a), "")
	case info.Gate != "":
		c.Skipped = skippedEnd(gatedMessage(string(a.Outcome), Headline(a)), failedRules(a))
	case a.Outcome == rules.Errored:
		c.Error = end
	default:
		c.Failure = end
	}
	return c
}

// skippedEnd has the message as text too: some readers show only the one, some
// only the other.
func skippedEnd(message, more string) *junitEnd {
	return &junitEnd{Message: legalXML(clip(message, maxJUnitMessage)), Text: xmlText("\n" + message + "\n" + more)}
}

func xmlText(s string) junitText { return junitText(legalXML(clip(s, maxJUnitText))) }

// Headline is why the attempt did not pass, in one line. It may quote a guest.
func Headline(a Attempt) string {
	if a.Reason != "" {
		return a.Reason
	}
	for _, r := range a.Results {
		if r.Required && r.Status != rules.Holds {
			return r.Label + ": " + cmp.Or(r.Reason, expectedGot(r), strings.ReplaceAll(string(r.Status), "-", " "))
		}
	}
	return string(a.Outcome)
}

func expectedGot(r rules.Result) string {
	var parts []string
	if r.Expected != "" {
		parts = append(parts, "expected "+r.Expected)
	}
	if r.Got != "" {
		parts = append(parts, "got "+r.Got)
	}
	return strings.Join(parts, ", ")
}

// whyNot is why the attempt did not pass, whole. GitLab and others show no
// message, so it begins with that where the rules do not tell it.
func whyNot(a Attempt) string {
	if a.Reason == "" {
		return failedRules(a)
	}
	return "\n" + a.Reason + "\n" + failedRules(a)
}

// failedRules tells each required rule that does not hold.
func failedRules(a Attempt) string {
	var b strings.Builder
	for _, r := range a.Results {
		if r.Required && r.Status != rules.Holds {
			b.WriteString(ruleText(r))
		}
	}
	return b.String()
}

// ruleText is one rule: expected, got, at which checkpoint, and the raw
// observation.
func ruleText(r rules.Result) string {
	var b strings.Builder
	b.WriteString("\n" + ruleTitle(r) + "\n")
	for _, line := range []struct{ name, text string }{
		{"expected", r.Expected},
		{"got", r.Got},
		{"reason", r.Reason},
		{"at", r.Checkpoint},
		{"seen from", r.Grade},
		{"evidence", string(r.Evidence)},
		{"raw", r.Raw},
	} {
		if line.text != "" {
			fmt.Fprintf(&b, "  %-10s %s\n", line.name, strings.ReplaceAll(line.text, "\n", "\n             "))
		}
	}
	return b.String()
}

// ruleTitle is "state/nginx is active on web1".
func ruleTitle(r rules.Result) string {
	t := string(r.Scope) + "/" + r.Label
	if r.Host != "" {
		t += " on " + r.Host
	}
	return t
}

// attemptProps are the properties of a test case, in a fixed order.
func attemptProps(a Attempt) []junitProp {
	var p junitProps
	p.add("run_id", a.RunID)
	p.add("outcome", string(a.Outcome))
	p.add("provider", a.Provider)
	p.add("engine", a.Engine)
	p.add("gateway", a.Gateway)
	p.add("iteration", strconv.Itoa(a.Iteration))
	p.add("seed", strconv.FormatInt(a.Seed, 10))
	p.add("compliance_score", strconv.FormatFloat(a.Score, 'g', 4, 64))
	p.add("resolution", string(a.Resolution))
	p.add("engine_isolation", a.EngineIsolation)
	p.add("model", a.Usage.Model)
	p.count("input_tokens", a.Usage.InputTokens)
	p.count("output_tokens", a.Usage.OutputTokens)
	p.count("turns", int64(a.Usage.Turns))
	if a.Usage.CostUSD != 0 {
		p.add("cost_usd", strconv.FormatFloat(a.Usage.CostUSD, 'g', -1, 64))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Digests.Templates)) {
		p.add("template_"+name, a.Digests.Templates[name])
	}
	p.add("scenario_digest", a.Digests.Scenario)
	p.add("rules_digest", a.Digests.Rules)
	if a.FirstFixed != nil {
		p.add("first_fixed_s", seconds(*a.FirstFixed))
	}
	for _, ph := range a.Phases.list() {
		if ph.took > 0 {
			p.add("phase_"+ph.name+"_s", seconds(ph.took))
		}
	}
	p.add("tags", strings.Join(a.Tags, ","))
	return p.List
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

type phase struct {
	name string
	took time.Duration
}

// list is the phases in the order in which they happen.
func (p Phases) list() []phase {
	return []phase{
		{"admit", p.Admit},
		{"handover", p.Handover},
		{"ready", p.Ready},
		{"restore", p.Restore},
		{"prepare", p.Prepare},
		{"control", p.Control},
		{"engine", p.Engine},
		{"hold", p.Hold},
		{"rules", p.Rules},
		{"release", p.Release},
	}
}
