package otel

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// An Exporter sends a run's spans while it goes on, behind its back: it reads
// what is in the record already, from which secrets are gone, and goes no further
// than the collector does. It holds no queue, and no attempt waits for it.
type Exporter struct {
	client *otlptrace.Exporter
	spans  *spans
	log    *reports.Log
	events *os.File
	offset int64 // as far as the record was read

	stop    context.CancelFunc
	stopped chan struct{}
}

const (
	// pace is how often the record is looked at, and longPace after many failures.
	pace     = time.Second
	longPace = 30 * time.Second
	// batch is how many spans go together.
	batch = 512
)

// Start begins to send run's spans, from the events on that are not written yet.
// It does not wait for the collector. The caller closes the exporter before the
// run.
func Start(ctx context.Context, run *reports.Run, secrets *redact.Set) (*Exporter, error) {
	f, err := run.Root().Open(reports.EventsFile)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	client, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start OpenTelemetry: %w", err), f.Close())
	}
	s, err := newSpans(ctx, secrets)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start OpenTelemetry: %w", err), f.Close())
	}
	x := &Exporter{client: client, spans: s, log: run.Log, events: f, offset: run.Log.Size(), stopped: make(chan struct{})}
	ctx, x.stop = context.WithCancel(context.WithoutCancel(ctx)) // what ends a run is what there is most to say of
	go x.follow(ctx)
	return x, nil
}

// follow sends what comes, until ctx ends.
func (x *Exporter) follow(ctx context.Context) {
	defer close(x.stopped)
	pause := pace
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if err := x.advance(ctx); err != nil {
			pause = min(2*pause, longPace) // Close says what is missing in the end
		} else {
			pause = pace
		}
	}
}

// advance sends what is in the record. What could not be sent is kept.
func (x *Exporter) advance(ctx context.Context) error {
	size := x.log.Size()
	r := bufio.NewReader(io.NewSectionReader(x.events, x.offset, size-x.offset))
	for x.offset < size {
		if err := x.flush(ctx, batch); err != nil {
			return err
		}
		line, err := r.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("read record: %w", err)
		}
		x.offset += int64(len(line))
		var e reports.Event
		if json.Unmarshal(line, &e) == nil { // others are reported by who needs them
			x.spans.event(e)
		}
	}
	return x.flush(ctx, 1)
}

// flush sends the spans that have ended, when there are at least so many.
func (x *Exporter) flush(ctx context.Context, least int) error {
	for len(x.spans.ended) >= least {
		n := min(len(x.spans.ended), batch)
		if err := x.client.ExportSpans(ctx, x.spans.ended[:n]); err != nil {
			return err
		}
		x.spans.ended = append([]sdk.ReadOnlySpan{}, x.spans.ended[n:]...)
	}
	return ctx.Err()
}

// Close returns when the collector has all of the run, or with an error when ctx
// ends before that. It is called once, when the record is complete.
func (x *Exporter) Close(ctx context.Context) error {
	x.stop()
	<-x.stopped
	err := x.advance(ctx)
	if err == nil {
		x.spans.end()
		err = x.flush(ctx, 1)
	}
	// Nothing is under way any more: these only let go.
	_, _ = x.client.Shutdown(ctx), x.events.Close()
	if err != nil {
		return fmt.Errorf("%w: %w", errPartly, err)
	}
	return nil
}
