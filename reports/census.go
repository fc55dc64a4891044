package reports

import (
	"fmt"
	"iter"
)

// A census notes which attempts have begun and not ended.
type census struct {
	begun map[string]Event // the attempt_started of those that have not ended
	order []string
	ended bool // the last thing that the run did was to end
}

// watch notes what passes.
func (c *census) watch(events iter.Seq2[Event, error]) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for e, err := range events {
			if err == nil {
				c.note(e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (c *census) note(e Event) {
	id := fmt.Sprintf("%s/i%d", e.Key, e.Iteration)
	switch e.Kind {
	case RunStarted, RunResumed:
		c.ended = false
	case AttemptStarted:
		c.begun[id] = e
		c.order = append(c.order, id)
	case AttemptFinished:
		delete(c.begun, id)
	case RunFinished:
		c.ended = true
	}
}
