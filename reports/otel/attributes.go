package otel

import (
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.39.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

const errored = rules.Errored

// maxText bounds what one attribute quotes, in bytes: the record has it whole.
const maxText = 2 << 10

// clip bounds a text of a guest's or an engine's.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + " ..."
}

// set is a list of attributes from which empty ones are left out.
type set []attribute.KeyValue

func (s *set) text(key, value string) {
	if value != "" {
		*s = append(*s, attribute.String(key, clip(value)))
	}
}

func (s *set) millis(key string, d time.Duration) {
	*s = append(*s, attribute.Float64(key, float64(d)/float64(time.Millisecond)))
}

// ofRun is what the root span says.
func ofRun(info reports.RunInfo) []attribute.KeyValue {
	var s set
	s.text("benchtest.run.id", info.RunID)
	s.text("benchtest.provider", info.Provider)
	s.text("benchtest.engine", info.Engine)
	s.text("benchtest.gateway", info.Gateway)
	s.text("benchtest.version", info.Version)
	s.text("host.name", info.Capacity.Hostname)
	return append(s, attribute.Int64("benchtest.seed", info.Seed))
}

// ofAgent is what the span of the engine's own time says, by the conventions for
// generative AI: a client adds up the tokens of these spans, so that no other
// span has them.
func ofAgent(a reports.Attempt) []attribute.KeyValue {
	list := []attribute.KeyValue{semconv.GenAIOperationNameInvokeAgent, semconv.GenAIAgentName(a.Engine)}
	u := a.Usage
	if u.Model != "" {
		list = append(list, semconv.GenAIRequestModel(clip(u.Model)))
	}
	if u.InputTokens > 0 || u.OutputTokens > 0 {
		list = append(list, semconv.GenAIUsageInputTokens(int(u.InputTokens)), semconv.GenAIUsageOutputTokens(int(u.OutputTokens)))
	}
	if u.CostUSD > 0 {
		list = append(list, attribute.Float64("benchtest.cost_usd", u.CostUSD))
	}
	if u.Turns > 0 {
		list = append(list, attribute.Int("benchtest.turns", u.Turns))
	}
	return list
}

// describe puts the record on the attempt's span.
func describe(span trace.Span, a reports.Attempt, judged time.Time) {
	span.SetAttributes(ofAttempt(a)...)
	for _, r := range a.Results {
		if r.Status != rules.Holds {
			span.AddEvent("benchtest.rule", trace.WithTimestamp(judged), trace.WithAttributes(ofResult(r)...))
		}
	}
	switch a.Outcome {
	case rules.Passed:
		span.SetAttributes(semconv.TestCaseResultStatusPass)
		span.SetStatus(codes.Ok, "")
	case rules.Skipped:
	case rules.Errored: // nothing is known of the engine
		span.SetAttributes(semconv.ErrorTypeKey.String(string(a.Outcome)))
		span.SetStatus(codes.Error, clip(reports.Headline(a)))
	default:
		span.SetAttributes(semconv.TestCaseResultStatusFail, semconv.ErrorTypeKey.String(string(a.Outcome)))
		span.SetStatus(codes.Error, clip(reports.Headline(a)))
	}
}

func ofAttempt(a reports.Attempt) []attribute.KeyValue {
	s := set{
		semconv.TestCaseName(a.Key), attribute.Int("benchtest.attempt.iteration", a.Iteration),
		attribute.Float64("benchtest.compliance_score", a.Score), attribute.Int64("benchtest.seed", a.Seed),
	}
	s.text("benchtest.run.id", a.RunID)
	s.text("benchtest.attempt.id", a.ID())
	s.text("benchtest.scenario.key", a.Key)
	s.text("benchtest.outcome", string(a.Outcome))
	s.text("benchtest.resolution", string(a.Resolution))
	s.text("benchtest.provider", a.Provider)
	s.text("benchtest.engine", a.Engine)
	s.text("benchtest.gateway", a.Gateway)
	s.text("benchtest.scenario.digest", a.Digests.Scenario)
	s.text("benchtest.rules.digest", a.Digests.Rules)
	if len(a.Tags) > 0 {
		s = append(s, attribute.StringSlice("benchtest.tags", a.Tags))
	}
	if len(a.Digests.Templates) > 0 {
		s = append(s, attribute.StringSlice("benchtest.template.digests", templates(a.Digests.Templates)))
	}
	if a.FirstFixed != nil {
		s.millis("benchtest.first_fixed_ms", *a.FirstFixed)
	}
	s.millis("benchtest.downtime_ms", a.Downtime)
	return s
}

// templates lists NAME=DIGEST.
func templates(digests map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		list = append(list, name+"="+digests[name])
	}
	return list
}

func ofResult(r rules.Result) []attribute.KeyValue {
	s := set{attribute.Bool("benchtest.rule.required", r.Required)}
	s.text("benchtest.rule.label", r.Label)
	s.text("benchtest.rule.scope", string(r.Scope))
	s.text("benchtest.rule.status", string(r.Status))
	s.text("benchtest.rule.host", r.Host)
	s.text("benchtest.rule.expected", r.Expected)
	s.text("benchtest.rule.got", r.Got)
	s.text("benchtest.rule.reason", r.Reason)
	return s
}
