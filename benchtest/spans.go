package benchtest

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports/otel"
)

// spansLimit is how long a run that is over waits for the collector of its spans.
const spansLimit = 5 * time.Second

// chooseSpans finds out whether the environment names a collector.
func (s *suite) chooseSpans() (err error) {
	s.traced, err = otel.Wanted(os.LookupEnv)
	return err
}

// openSpans begins to send the run's spans, behind its back.
func (s *suite) openSpans() (err error) {
	if !s.traced {
		return nil
	}
	if s.spans, err = otel.Start(s.ctx, s.runner.Record, s.secrets); err == nil {
		s.runner.TraceContext = s.spans.Context
	}
	return err
}

// closeSpans waits a moment for the collector. That it lacks something is told,
// and changes nothing else.
func (s *suite) closeSpans() {
	if s.spans == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), spansLimit)
	defer cancel()
	if err := s.spans.Close(ctx); err != nil {
		why := strings.Join(strings.Fields(s.secrets.String(err.Error())), " ")
		tell(os.Stderr, "benchtest: OpenTelemetry: %.500s: the record has what is missing", why)
	}
}
