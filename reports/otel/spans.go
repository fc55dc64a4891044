package otel

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.39.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// spans makes spans out of the events of one run. It is used by one goroutine.
type spans struct {
	tracer trace.Tracer
	own    ids
	trace  trace.SpanContext // of the trace; its span is none that is sent
	parent context.Context   // of the root span; it carries values only
	root   trace.Span        // nil until the run has started
	began  time.Time
	last   time.Time // of the latest event
	open   map[attemptName]*attempt
	ended  []sdk.ReadOnlySpan
}

// An attemptName is what an attempt is called in its run.
type attemptName struct {
	key       string
	iteration int
}

// An attempt is what was told of one so far. Its spans are made when it is over:
// only then is known what belongs on them.
type attempt struct {
	name   attemptName
	begun  time.Time
	phases []reports.Event
	tries  []reports.Event // that were given up
	record *reports.Attempt
	judged time.Time
}

// newSpans reads the resource, the sampler and the parent out of the environment.
func newSpans(ctx context.Context, secrets *redact.Set) (*spans, error) {
	res, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("benchtest")), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	s := &spans{open: map[attemptName]*attempt{}}
	_, _ = rand.Read(s.own.trace[:]) // it never fails
	carrier := propagation.MapCarrier{"traceparent": os.Getenv("TRACEPARENT"), "tracestate": os.Getenv("TRACESTATE")}
	s.parent = propagation.TraceContext{}.Extract(context.WithoutCancel(ctx), carrier)
	provider := sdk.NewTracerProvider(sdk.WithResource(hide(secrets, res)), sdk.WithSpanProcessor(collector{s}), sdk.WithIDGenerator(s.own))
	s.tracer = provider.Tracer("github.com/benchtest-dev/benchtest")
	// A span that never ends tells whose trace it is, and whether it is sampled.
	_, first := s.tracer.Start(s.parent, "benchtest run")
	s.trace = first.SpanContext()
	return s, nil
}

// hide is res without secrets. The events of a run have none any more.
func hide(secrets *redact.Set, res *resource.Resource) *resource.Resource {
	list := res.Attributes()
	for i, a := range list {
		if a.Value.Type() == attribute.STRING {
			list[i] = a.Key.String(secrets.String(a.Value.AsString()))
		}
	}
	return resource.NewWithAttributes(res.SchemaURL(), list...)
}

// A collector keeps spans that have ended for whoever sends them.
type collector struct{ *spans }

func (collector) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (c collector) OnEnd(s sdk.ReadOnlySpan)                 { c.ended = append(c.ended, s) }
func (collector) Shutdown(context.Context) error             { return nil }
func (collector) ForceFlush(context.Context) error           { return nil }

// event takes one line of the record.
func (s *spans) event(e reports.Event) {
	s.last = e.At
	switch e.Kind {
	case reports.RunStarted, reports.RunResumed:
		s.start(e)
		return
	case reports.RunFinished:
		s.finish(e)
		return
	}
	if s.root == nil || e.Key == "" {
		return
	}
	name := attemptName{e.Key, e.Iteration}
	a := s.open[name]
	if a == nil {
		a = &attempt{name: name, begun: e.At}
		s.open[name] = a
	}
	switch e.Kind {
	case reports.PhaseDone:
		a.phases = append(a.phases, e)
		if began := e.At.Add(-e.Took); began.Before(a.begun) {
			a.begun = began // the wait for room comes before everything else
		}
	case reports.Retry:
		a.tries = append(a.tries, e)
	case reports.AttemptFinished:
		a.record, a.judged = e.Attempt, e.At
	}
	if e.Kind == reports.PhaseDone && e.Phase == reports.PhaseRelease && a.record != nil {
		s.add(a, e.At)
		delete(s.open, name)
	}
}

// start begins the trace.
func (s *spans) start(e reports.Event) {
	if s.root != nil || e.Run == nil {
		return
	}
	s.began = e.At
	s.parent, s.root = s.tracer.Start(s.parent, "benchtest run", trace.WithTimestamp(e.At), trace.WithAttributes(ofRun(*e.Run)...))
}

// finish ends the trace, with what never came to an end itself.
func (s *spans) finish(e reports.Event) {
	if s.root == nil {
		return
	}
	for name, a := range s.open {
		s.add(a, e.At)
		delete(s.open, name)
	}
	s.root.SetAttributes(attribute.Int("benchtest.exit", e.Exit))
	if e.Gate != nil {
		s.root.SetAttributes(attribute.String("benchtest.gate", e.Gate.Gate), attribute.Bool("benchtest.gate.failed", e.Gate.Failed))
	}
	switch {
	case e.Reason != "":
		s.root.SetStatus(codes.Error, clip(e.Reason))
	case e.Gate != nil && e.Gate.Failed:
		s.root.SetStatus(codes.Error, clip(e.Gate.String()))
	case e.Exit != 0:
		s.root.SetStatus(codes.Error, fmt.Sprintf("exit status %d", e.Exit))
	}
	s.root.End(trace.WithTimestamp(e.At))
	s.root = nil
}

// end ends a trace of whose end the record says nothing.
func (s *spans) end() {
	s.finish(reports.Event{At: s.last, Reason: "the record has no end", Exit: 1})
}

// add makes the spans of one attempt that ended at this moment.
func (s *spans) add(a *attempt, ended time.Time) {
	name := "attempt"
	if a.record != nil {
		name += " " + a.record.Key
	}
	ctx, span := s.tracer.Start(s.parent, name, trace.WithTimestamp(a.begun))
	for i := range a.phases {
		s.addPhase(ctx, a, i)
	}
	for _, t := range a.tries {
		span.AddEvent("benchtest.retry", trace.WithTimestamp(t.At), trace.WithAttributes(attribute.String("benchtest.reason", clip(t.Reason))))
	}
	if a.record == nil {
		span.SetStatus(codes.Error, "it never ended")
	} else {
		describe(span, *a.record, a.judged)
	}
	span.End(trace.WithTimestamp(ended))
}

// addPhase makes the span of phase i.
func (s *spans) addPhase(ctx context.Context, a *attempt, i int) {
	p := a.phases[i]
	name, options := p.Phase, []trace.SpanStartOption{trace.WithTimestamp(p.At.Add(-p.Took)), trace.WithAttributes(attribute.String("benchtest.phase", p.Phase))}
	if p.Phase == reports.PhaseWork {
		ctx = context.WithValue(ctx, wantedID{}, s.workID(a.name))
		if a.record != nil {
			name = "invoke_agent " + a.record.Engine
			options = append(options, trace.WithAttributes(ofAgent(*a.record)...))
		}
	}
	_, span := s.tracer.Start(ctx, name, options...)
	if a.broke(i) {
		span.SetStatus(codes.Error, clip(a.record.Reason))
	}
	span.End(trace.WithTimestamp(p.At))
}

// broke reports whether phase i is the one in which an errored attempt ended:
// the last before its machines are released.
func (a *attempt) broke(i int) bool {
	return a.record != nil && a.record.Outcome == errored && !a.record.Circumstances.Judged &&
		a.phases[i].Phase != reports.PhaseRelease && (i+1 == len(a.phases) || i+2 == len(a.phases))
}
