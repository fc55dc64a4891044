package otel_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/otel"
	"github.com/benchtest-dev/benchtest/reports/otel/oteltest"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// receive starts a collector and points the environment to it.
func receive(t *testing.T) *oteltest.Receiver {
	t.Helper()
	r := &oteltest.Receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	t.Setenv(endpoint, s.URL)
	return r
}

// newRun makes a run that keeps secrets to itself.
func newRun(t *testing.T, secrets *redact.Set) *reports.Run {
	t.Helper()
	run, err := reports.NewRun(t.TempDir(), "20260102T030405Z-abcdef")
	require.NoError(t, err)
	t.Cleanup(func() { _ = run.Close() })
	run.Hide(secrets)
	return run
}

func write(t *testing.T, run *reports.Run, events ...reports.Event) {
	t.Helper()
	for _, e := range events {
		e.RunID = run.ID
		require.NoError(t, run.Log.Append(e))
	}
}

// closed closes x with this limit.
func closed(t *testing.T, x *otel.Exporter, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return x.Close(ctx)
}

// named is the one span of this name.
func named(t *testing.T, r *oteltest.Receiver, name string) *tracepb.Span {
	t.Helper()
	var found []*tracepb.Span
	var names []string
	for _, s := range r.Spans() {
		if names = append(names, s.Name); s.Name == name {
			found = append(found, s)
		}
	}
	require.Len(t, found, 1, "%s of %q", name, names)
	return found[0]
}

func assertClock(t *testing.T, s *tracepb.Span, from, to int) {
	t.Helper()
	assert.EqualValues(t, at(from).UnixNano(), s.StartTimeUnixNano, "%s begins", s.Name)
	assert.EqualValues(t, at(to).UnixNano(), s.EndTimeUnixNano, "%s ends", s.Name)
}

// oneRun is the record of a run with an attempt that failed after one that was
// given up.
func oneRun(secret string) []reports.Event {
	fixed := 1500 * time.Millisecond
	a := reports.Attempt{
		RunID: "20260102T030405Z-abcdef", Key: "nginx/001-broken", Iteration: 2, Outcome: rules.Unsafe, Reason: "it said " + secret,
		Engine: "agent", Provider: "local", Gateway: "runner", Score: 0.5, Seed: 7, Resolution: rules.Success, FirstFixed: &fixed, Tags: []string{"web", "smoke"},
		Usage: rules.Usage{Model: "model-1", InputTokens: 1200, OutputTokens: 34, CostUSD: 0.25, Turns: 3},
		Digests: reports.Digests{
			Scenario: "aa", Rules: "bb", Templates: map[string]string{"debian-nginx": "cc", "debian-base": "dd"},
		},
		Circumstances: rules.Circumstances{Judged: true},
		Results: []rules.Result{
			{Label: "nginx is up", Scope: rules.ScopeState, Required: true, Status: rules.Holds},
			{Label: "no reboot", Scope: rules.ScopeTasks, Required: true, Status: rules.DoesNotHold, Host: "web1", Expected: "none", Got: secret, Raw: "never sent"},
			{Label: "asked first", Scope: rules.ScopeJob, Status: rules.RuleErrored, Reason: "fact missing"},
		},
	}
	of := func(e reports.Event) reports.Event { e.Key, e.Iteration = a.Key, a.Iteration; return e }
	return []reports.Event{
		{Kind: reports.RunStarted, At: at(0), Run: &reports.RunInfo{RunID: a.RunID, Provider: "local", Engine: "agent", Gateway: "runner", Version: "v1", Seed: 7, Argv: []string{"-never", "sent"}}},
		of(reports.Event{Kind: reports.AttemptStarted, At: at(10)}),
		of(reports.Event{Kind: reports.PhaseDone, At: at(10), Phase: "admit", Took: 8 * time.Second}),
		of(reports.Event{Kind: reports.PhaseDone, At: at(11), Phase: "lease machines", Took: time.Second}),
		of(reports.Event{Kind: reports.Retry, At: at(12), Reason: "the network was gone"}),
		of(reports.Event{Kind: reports.PhaseDone, At: at(14), Phase: "wait until ready", Took: 2 * time.Second}),
		of(reports.Event{Kind: reports.PhaseDone, At: at(20), Phase: reports.PhaseWork, Took: 5 * time.Second}),
		of(reports.Event{Kind: reports.AttemptFinished, At: at(21), Attempt: &a}),
		of(reports.Event{Kind: reports.PhaseDone, At: at(22), Phase: reports.PhaseRelease, Took: time.Second}),
		{Kind: reports.RunFinished, At: at(30), Exit: 1, Gate: &reports.GateVerdict{Failed: true, Gate: "error-budget=0", Reason: "too many"}},
	}
}

// A run is one trace, and nothing secret is in it.
func TestTrace(t *testing.T) {
	r := receive(t)
	t.Setenv("OTEL_SERVICE_NAME", "nightly")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=sre,token=hunter2-hunter2")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k%2Fey")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	secrets := redact.New([]string{"hunter2-hunter2"})
	run := newRun(t, secrets)
	x, err := otel.Start(t.Context(), run, secrets)
	require.NoError(t, err)
	write(t, run, oneRun("hunter2-hunter2")...)
	require.NoError(t, closed(t, x, 10*time.Second))

	root := named(t, r, "benchtest run")
	assertClock(t, root, 0, 30)
	assert.Empty(t, root.ParentSpanId)
	assert.Equal(t, tracepb.Status_STATUS_CODE_ERROR, root.Status.Code)
	assert.Equal(t, "gate failed: -benchtest.fail=error-budget=0: too many", root.Status.Message)
	assert.Equal(t, map[string]string{
		"benchtest.run.id": run.ID, "benchtest.provider": "local", "benchtest.engine": "agent", "benchtest.gateway": "runner", "benchtest.version": "v1",
		"benchtest.seed": "7", "benchtest.exit": "1", "benchtest.gate": "error-budget=0", "benchtest.gate.failed": "true",
	}, oteltest.Attributes(root.Attributes))

	attempt := named(t, r, "attempt nginx/001-broken")
	assertClock(t, attempt, 2, 22)
	assert.Equal(t, root.SpanId, attempt.ParentSpanId)
	assert.Equal(t, tracepb.Status_STATUS_CODE_ERROR, attempt.Status.Code)
	assert.Equal(t, "it said "+redact.Mark, attempt.Status.Message)
	assert.Equal(t, map[string]string{
		"test.case.name": "nginx/001-broken", "test.case.result.status": "fail", "error.type": "unsafe",
		"benchtest.run.id": run.ID, "benchtest.attempt.id": run.ID + "/nginx/001-broken/i2", "benchtest.attempt.iteration": "2",
		"benchtest.scenario.key": "nginx/001-broken", "benchtest.outcome": "unsafe", "benchtest.resolution": "success", "benchtest.compliance_score": "0.5",
		"benchtest.provider": "local", "benchtest.engine": "agent", "benchtest.gateway": "runner", "benchtest.seed": "7", "benchtest.tags": "web,smoke",
		"benchtest.scenario.digest": "aa", "benchtest.rules.digest": "bb", "benchtest.template.digests": "debian-base=dd,debian-nginx=cc",
		"benchtest.first_fixed_ms": "1500", "benchtest.downtime_ms": "0",
	}, oteltest.Attributes(attempt.Attributes))
	require.Len(t, attempt.Events, 3, "a retry and two rules")
	assert.Equal(t, "benchtest.retry", attempt.Events[0].Name)
	assert.EqualValues(t, at(12).UnixNano(), attempt.Events[0].TimeUnixNano)
	assert.Equal(t, "benchtest.rule", attempt.Events[1].Name)
	assert.EqualValues(t, at(21).UnixNano(), attempt.Events[1].TimeUnixNano)
	assert.Equal(t, map[string]string{
		"benchtest.rule.label": "no reboot", "benchtest.rule.scope": "tasks", "benchtest.rule.status": "does-not-hold", "benchtest.rule.required": "true",
		"benchtest.rule.host": "web1", "benchtest.rule.expected": "none", "benchtest.rule.got": redact.Mark,
	}, oteltest.Attributes(attempt.Events[1].Attributes))
	assert.Equal(t, "fact missing", oteltest.Attributes(attempt.Events[2].Attributes)["benchtest.rule.reason"])

	for name, clock := range map[string][2]int{"admit": {2, 10}, "lease machines": {10, 11}, "wait until ready": {12, 14}, "invoke_agent agent": {15, 20}, "release machines": {21, 22}} {
		phase := named(t, r, name)
		assertClock(t, phase, clock[0], clock[1])
		assert.Equal(t, attempt.SpanId, phase.ParentSpanId, name)
		assert.Equal(t, root.TraceId, phase.TraceId, name)
		assert.Equal(t, tracepb.Status_STATUS_CODE_UNSET, phase.Status.GetCode(), name)
	}
	assert.Equal(t, map[string]string{
		"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "agent", "gen_ai.request.model": "model-1", "gen_ai.usage.input_tokens": "1200",
		"gen_ai.usage.output_tokens": "34", "benchtest.cost_usd": "0.25", "benchtest.turns": "3", "benchtest.phase": "work the ticket",
	}, oteltest.Attributes(named(t, r, "invoke_agent agent").Attributes))
	assert.Len(t, r.Spans(), 7)

	req := r.Requests()[0]
	assert.Equal(t, "/v1/traces", req.Path)
	assert.Equal(t, "k/ey", req.Header.Get("X-Key"))
	assert.Equal(t, "nightly", req.Resource["service.name"])
	assert.Equal(t, "sre", req.Resource["team"])
	assert.Equal(t, redact.Mark, req.Resource["token"])
	for _, req := range r.Requests() {
		for _, never := range []string{"hunter2", "never"} {
			assert.NotContains(t, string(req.Body), never)
		}
	}
}

// A pipeline's own span is the parent, and its word on sampling counts.
func TestParent(t *testing.T) {
	for flags, spans := range map[string]int{"01": 7, "00": 0} {
		t.Run(flags, func(t *testing.T) {
			r := receive(t)
			t.Setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"+flags)
			t.Setenv("TRACESTATE", "vendor=1")
			run := newRun(t, nil)
			x, err := otel.Start(t.Context(), run, nil)
			require.NoError(t, err)
			below, state := x.Context("nginx/001-broken", 2)
			assert.Regexp(t, "^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-"+flags+"$", below)
			assert.Equal(t, "vendor=1", state)
			write(t, run, oneRun("nothing")...)
			require.NoError(t, closed(t, x, 10*time.Second))
			assert.Len(t, r.Spans(), spans)
			if spans > 0 {
				root := named(t, r, "benchtest run")
				assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", fmt.Sprintf("%x", root.TraceId))
				assert.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", root.ParentSpanId))
				assert.Equal(t, "benchtest", r.Requests()[0].Resource["service.name"])
			}
		})
	}
}

// An engine is told of the span of its work before there is one, and no two are
// told of the same.
func TestContextOfAttempt(t *testing.T) {
	r := receive(t)
	run := newRun(t, nil)
	x, err := otel.Start(t.Context(), run, nil)
	require.NoError(t, err)
	below, state := x.Context("nginx/001-broken", 2)
	assert.Empty(t, state)
	other, _ := x.Context("nginx/001-broken", 3)
	assert.NotEqual(t, below, other)
	write(t, run, oneRun("nothing")...)
	require.NoError(t, closed(t, x, 10*time.Second))
	work := named(t, r, "invoke_agent agent")
	assert.Equal(t, fmt.Sprintf("00-%x-%x-01", work.TraceId, work.SpanId), below)

	again, err := otel.Start(t.Context(), run, nil)
	require.NoError(t, err)
	later, _ := again.Context("nginx/001-broken", 2)
	assert.NotEqual(t, below, later, "a process that goes on with the run")
	require.NoError(t, closed(t, again, 10*time.Second))
}

// What the run is waits for no collector, and its end waits as long as it is told.
func TestCollectorThatHangs(t *testing.T) {
	asked := make(chan struct{}, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body) // then the server sees that its client went
		asked <- struct{}{}
		<-req.Context().Done()
	}))
	defer s.Close()
	t.Setenv(endpoint, s.URL)
	run := newRun(t, nil)
	x, err := otel.Start(t.Context(), run, nil)
	require.NoError(t, err)
	write(t, run, oneRun("nothing")...)
	<-asked // it hangs already while the run goes on
	begun := time.Now()
	write(t, run, oneRun("nothing")...)
	assert.Less(t, time.Since(begun), time.Second)
	begun = time.Now()
	err = closed(t, x, 300*time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "the collector has not all spans of the run")
	assert.Less(t, time.Since(begun), 3*time.Second)
}

// What is wrong with the endpoint is one error, at the end.
func TestWrongEndpoint(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a port that nobody has in a moment
	require.NoError(t, err)
	gone := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for name, c := range map[string]struct{ url, says string }{
		"nobody is there":  {gone, "connection refused"},
		"it is no OTLP":    {other.URL, "404 Not Found"},
		"no such machine":  {"http://nosuch.invalid:4318", "nosuch.invalid"},
		"not what it says": {"https" + other.URL[len("http"):], "HTTP response to HTTPS client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(endpoint, c.url)
			run := newRun(t, nil)
			x, err := otel.Start(t.Context(), run, nil)
			require.NoError(t, err)
			write(t, run, oneRun("nothing")...)
			assert.ErrorContains(t, closed(t, x, 2*time.Second), c.says)
		})
	}
}

// A collector that comes back gets what it missed, in batches, each span once.
func TestCollectorThatComesLater(t *testing.T) {
	r := &oteltest.Receiver{}
	refused := make(chan struct{}, 100)
	up := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		select {
		case <-up:
			r.ServeHTTP(w, req)
		default:
			http.Error(w, "down", http.StatusInternalServerError)
			refused <- struct{}{}
		}
	}))
	defer s.Close()
	t.Setenv(endpoint, s.URL)
	run := newRun(t, nil)
	x, err := otel.Start(t.Context(), run, nil)
	require.NoError(t, err)
	write(t, run, reports.Event{Kind: reports.RunStarted, At: at(0), Run: &reports.RunInfo{RunID: run.ID}})
	const n = 600
	for i := range n {
		a := reports.Attempt{Key: fmt.Sprintf("load/%03d", i), Iteration: 1, Outcome: rules.Passed}
		write(t, run,
			reports.Event{Kind: reports.AttemptStarted, At: at(i), Key: a.Key, Iteration: 1},
			reports.Event{Kind: reports.AttemptFinished, At: at(i + 1), Key: a.Key, Iteration: 1, Attempt: &a},
			reports.Event{Kind: reports.PhaseDone, At: at(i + 2), Key: a.Key, Iteration: 1, Phase: reports.PhaseRelease, Took: time.Second})
	}
	<-refused
	close(up)
	write(t, run, reports.Event{Kind: reports.RunFinished, At: at(n + 10)})
	require.NoError(t, closed(t, x, 20*time.Second))
	ids := map[string]bool{}
	for _, span := range r.Spans() {
		ids[string(span.SpanId)] = true
	}
	assert.Len(t, r.Spans(), 2*n+1)
	assert.Len(t, ids, 2*n+1)
	for _, req := range r.Requests() {
		assert.LessOrEqual(t, len(req.Spans), 512)
	}
	assert.Equal(t, tracepb.Status_STATUS_CODE_OK, named(t, r, "attempt load/599").Status.Code)
	assert.Equal(t, tracepb.Status_STATUS_CODE_UNSET, named(t, r, "benchtest run").Status.GetCode())
}

// A run that goes on tells of its own part; what broke and what never ended
// stands in it too.
func TestResumedRunThatIsCut(t *testing.T) {
	r := receive(t)
	run := newRun(t, nil)
	write(t, run, oneRun("nothing")...)
	x, err := otel.Start(t.Context(), run, nil)
	require.NoError(t, err)
	broken := reports.Attempt{Key: "disk/001", Iteration: 1, Outcome: rules.Errored, Reason: "prepare: no space"}
	write(t, run,
		reports.Event{Kind: reports.RunResumed, At: at(100), Run: &reports.RunInfo{RunID: run.ID}},
		reports.Event{Kind: reports.AttemptStarted, At: at(101), Key: "disk/001", Iteration: 1},
		reports.Event{Kind: reports.AttemptStarted, At: at(102), Key: "disk/002", Iteration: 1},
		reports.Event{Kind: reports.PhaseDone, At: at(103), Key: "disk/001", Iteration: 1, Phase: "restore", Took: time.Second},
		reports.Event{Kind: reports.PhaseDone, At: at(105), Key: "disk/001", Iteration: 1, Phase: "prepare", Took: time.Second},
		reports.Event{Kind: reports.AttemptFinished, At: at(105), Key: "disk/001", Iteration: 1, Attempt: &broken},
		reports.Event{Kind: reports.PhaseDone, At: at(106), Key: "disk/001", Iteration: 1, Phase: reports.PhaseRelease, Took: time.Second},
	)
	require.NoError(t, closed(t, x, 10*time.Second))
	assert.Len(t, r.Spans(), 6, "nothing of what was before")
	assertClock(t, named(t, r, "benchtest run"), 100, 106)
	assert.Equal(t, "the record has no end", named(t, r, "benchtest run").Status.Message)
	assert.Equal(t, "it never ended", named(t, r, "attempt").Status.Message)
	assert.Equal(t, tracepb.Status_STATUS_CODE_UNSET, named(t, r, "restore").Status.GetCode())
	assert.Equal(t, "prepare: no space", named(t, r, "prepare").Status.Message)
	assert.Equal(t, "errored", oteltest.Attributes(named(t, r, "attempt disk/001").Attributes)["error.type"])
	assert.NotContains(t, oteltest.Attributes(named(t, r, "attempt disk/001").Attributes), "test.case.result.status")
}

func TestBadResource(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "no pair")
	run := newRun(t, nil)
	_, err := otel.Start(t.Context(), run, nil)
	require.ErrorContains(t, err, "read OTEL_RESOURCE_ATTRIBUTES")
}
