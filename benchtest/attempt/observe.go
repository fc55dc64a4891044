package attempt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// queries is what the state rules ask of host, each question once.
func (t *try) queries(host string) []facts.Query {
	var qs []facts.Query
	asked := map[string]bool{}
	for i := range t.sc.State {
		r := &t.sc.State[i]
		if !r.AppliesTo(host) || asked[r.Query.ID()] {
			continue
		}
		asked[r.Query.ID()] = true
		qs = append(qs, r.Query)
	}
	return qs
}

// observe asks all hosts at once and keeps the answers as checkpoint c, since
// is the time since the engine ended. A
// host that cannot be asked yields a snapshot with its error: what that means
// is the rules' to say.
func (t *try) observe(ctx context.Context, c facts.Checkpoint, since time.Duration) {
	_ = t.each(func(h *host) error {
		h.at[c] = t.snapshot(ctx, h, c, since, true)
		return nil
	})
	for _, h := range t.hosts {
		t.note(t.dir.WriteSnapshot(h.at[c]))
	}
}

// observationLimit bounds one round trip to the probe before the engine works,
// and any other one too.
const observationLimit = 30 * time.Second

// partingTime is what it may take to be rid of a round trip that is over its limit.
const partingTime = time.Second

// lookLimit bounds one round trip at checkpoint c: once the engine is at work,
// three of them must fit the limit of the hold phase.
func (t *try) lookLimit(c facts.Checkpoint) time.Duration {
	most := providers.Stretch(t.Provider, observationLimit)
	if c == facts.Healthy || c == facts.Faulted {
		return most
	}
	return min(most, max(t.limit.Hold/3-partingTime, t.limit.Hold/6))
}

// answerTime is what is left of a round trip for the answer to a question that
// used up its own limit.
const answerTime = 1500 * time.Millisecond

// snapshot is one host at one moment.
func (t *try) snapshot(ctx context.Context, h *host, c facts.Checkpoint, since time.Duration, superset bool) facts.Snapshot {
	limit := t.lookLimit(c)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req := facts.Request{Queries: t.queries(h.name), Superset: superset, Times: h.times()}
	req.Limit = min(providers.Stretch(t.Provider, facts.DefaultLimit), max(limit-answerTime, limit/2))
	if superset && t.sc.IntegrityOff == "" {
		req.Queries = append(req.Queries, rules.IntegrityQuery())
	}
	if c != facts.Healthy && c != facts.Faulted {
		req.Mounts = h.mounts()
	}
	answer, err := h.root.Facts(ctx, req)
	if err != nil {
		return facts.Snapshot{Host: h.name, Checkpoint: c, Since: since, At: time.Now(), Error: err.Error()}
	}
	return facts.NewSnapshot(h.name, c, since, answer)
}

// times is when the checkpoints of this host were, for questions that count
// since one.
func (h *host) times() map[facts.Checkpoint]time.Time {
	times := make(map[facts.Checkpoint]time.Time, len(h.at))
	for c, s := range h.at {
		times[c] = s.At
	}
	return times
}

// mounts are those that were there before the engine: what files are read
// through when it has worked.
func (h *host) mounts() []string {
	known := slices.Clone(h.at[facts.Healthy].Mounts)
	left := slices.Clone(known)
	for _, m := range h.at[facts.Faulted].Mounts {
		if i := slices.Index(left, m); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			known = append(known, m) // the fault's
		}
	}
	return known
}

// healthy observes the machines before the fault, for the rules that compare.
func (t *try) healthy(ctx context.Context) error {
	t.observe(ctx, facts.Healthy, 0)
	return t.answered(facts.Healthy)
}

// answered is nil when every host could be asked at checkpoint c.
func (t *try) answered(c facts.Checkpoint) error {
	var errs []error
	for _, h := range t.hosts {
		if e := h.at[c].Error; e != "" {
			errs = append(errs, fmt.Errorf("facts of %s: %s", h.name, e))
		}
	}
	return errors.Join(errs...)
}

// each runs do for all hosts at once and joins their errors.
func (t *try) each(do func(*host) error) error {
	errs := make([]error, len(t.hosts))
	var wg sync.WaitGroup
	for i, h := range t.hosts {
		wg.Go(func() {
			if err := do(h); err != nil {
				errs[i] = fmt.Errorf("%s: %w", h.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// A ruleHost is one rule on one host: what a result is about.
type ruleHost struct {
	rule *rules.State
	host string
}

// onHosts lists every state rule with every host it is about, in file order.
func (t *try) onHosts() []ruleHost {
	var all []ruleHost
	for i := range t.sc.State {
		r := &t.sc.State[i]
		for _, h := range t.hosts {
			if r.AppliesTo(h.name) {
				all = append(all, ruleHost{r, h.name})
			}
		}
	}
	return all
}

func (t *try) host(name string) *host {
	for _, h := range t.hosts {
		if h.name == name {
			return h
		}
	}
	return nil
}
