package attempt

import (
	"context"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// sampleEvery is how often the machines are watched while the engine works.
const sampleEvery = time.Second

// sampleWork samples the state rules' facts until the returned func is called.
func (t *try) sampleWork(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(done)
		for sleep(ctx, sampleEvery) {
			_ = t.each(func(h *host) error {
				s := t.snapshot(ctx, h, facts.Sample, 0, false)
				if ctx.Err() == nil {
					s.Since = time.Since(start)
					h.work = append(h.work, s)
				}
				return nil
			})
		}
	}()
	return func() {
		cancel()
		<-done
		for _, h := range t.hosts {
			for i := range h.work {
				// Negative: before the engine ended.
				h.work[i].Since -= t.ended.Sub(start)
				t.note(t.dir.WriteSnapshot(h.work[i]))
			}
		}
	}
}
