package otel

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Context is where in the trace an engine's own spans belong: below the span of
// its work on this attempt. The texts are TRACEPARENT and TRACESTATE of W3C's
// trace context; state may be empty. It may be called concurrently, and before
// the attempt has a span.
func (x *Exporter) Context(key string, iteration int) (parent, state string) {
	carrier := propagation.MapCarrier{}
	at := x.spans.trace.WithSpanID(x.spans.workID(attemptName{key, iteration}))
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), at), carrier)
	return carrier["traceparent"], carrier["tracestate"]
}

// workID is the span in which an engine works, long before it is made. Several
// processes may share a trace, each with an attempt of that name.
func (s *spans) workID(a attemptName) (id trace.SpanID) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/i%d", s.own.trace, a.key, a.iteration))
	copy(id[:], sum[:])
	return id
}

// ids are random, but for those that are known before their spans. The trace is
// this one where the run stands in no other.
type ids struct{ trace trace.TraceID }

// wantedID is the key under which a context has the ID of the next span.
type wantedID struct{}

func (i ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	return i.trace, i.NewSpanID(ctx, i.trace)
}

func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) (id trace.SpanID) {
	if wanted, there := ctx.Value(wantedID{}).(trace.SpanID); there {
		return wanted
	}
	_, _ = rand.Read(id[:]) // it never fails
	return id
}
