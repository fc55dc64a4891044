package reports

import (
	"maps"
	"slices"
)

// A Roll is shown the events of one record in their order, and tells which
// attempts are still there and which count. The zero Roll has seen none.
//
// An attempt counts as its first record says, as in the database, which changes
// none: one more that has its name was forged, or comes from a process that did
// not know that its run was taken for killed.
//
// A flushed attempt is gone, by every reader's count. Nobody flushes a run that
// goes on, so an event that says so in the midst of one is forged and hides
// nothing; nor can it from the gate of a live run, which counts what its own
// process made. Of a run that has ended, whoever can write to the record could as
// well take lines out: readers believe it, and the database has its own rows.
//
// An attempt that was cut counts as errored, until its run is resumed and makes
// another at the same scenario in its place: that one counts, as what it ends as.
// So it is for the gate of the run that was resumed. The first stays as history.
type Roll struct {
	ended    bool
	finished map[AttemptName]bool
	// Attempts that were cut, by key, the first one first: since the run began or
	// was resumed, and before.
	cut, toRemake map[string][]int
	remade        map[AttemptName]bool
}

// AttemptName is what an attempt is called in its run.
type AttemptName struct {
	Key       string
	Iteration int
}

// Name is what a is called in its run.
func (a *Attempt) Name() AttemptName { return AttemptName{a.Key, a.Iteration} }

// An Entry is what a Roll takes of an event.
type Entry struct {
	Kind Kind
	Name AttemptName // of what attempt it is, if of any
	Cut  bool        // Attempt.Cut, of one that finished
}

// Entry is what a Roll takes of e.
func (e *Event) Entry() Entry {
	switch {
	case e.Kind != AttemptFinished:
		return Entry{Kind: e.Kind, Name: AttemptName{e.Key, e.Iteration}}
	case e.Attempt == nil:
		return Entry{} // it says nothing
	}
	return Entry{e.Kind, e.Attempt.Name(), e.Attempt.Cut}
}

// An Effect is what an event does to the attempts that are there.
type Effect int

// The effects of events.
const (
	NoEffect Effect = iota
	Adds            // the attempt that it names
	Removes         // that attempt, and what was said of it before
)

// Next takes the next event.
func (r *Roll) Next(e Entry) Effect {
	key := e.Name.Key
	switch e.Kind {
	case RunStarted:
		r.ended = false
	case RunResumed:
		r.ended = false
		for key, list := range r.cut {
			r.toRemake = with(r.toRemake, key, list...)
		}
		r.cut = nil
	case RunFinished:
		r.ended = true
	case AttemptStarted:
		if list := r.toRemake[key]; len(list) > 0 {
			r.toRemake[key] = list[1:]
			if r.remade == nil {
				r.remade = map[AttemptName]bool{}
			}
			r.remade[AttemptName{key, list[0]}] = true
		}
	case AttemptFinished:
		if r.finished[e.Name] {
			return NoEffect
		}
		if r.finished == nil {
			r.finished = map[AttemptName]bool{}
		}
		r.finished[e.Name] = true
		if e.Cut {
			r.cut = with(r.cut, key, e.Name.Iteration)
		}
		return Adds
	case Flushed:
		if r.ended {
			r.forget(e.Name)
			return Removes
		}
	}
	return NoEffect
}

func with(m map[string][]int, key string, more ...int) map[string][]int {
	if m == nil {
		m = map[string][]int{}
	}
	m[key] = append(m[key], more...)
	return m
}

func (r *Roll) forget(n AttemptName) {
	delete(r.finished, n)
	delete(r.remade, n)
	for _, m := range []map[string][]int{r.cut, r.toRemake} {
		if i := slices.Index(m[n.Key], n.Iteration); i >= 0 {
			m[n.Key] = slices.Delete(m[n.Key], i, i+1)
		}
	}
}

// Remade are the attempts that were cut and made again. It is read only.
func (r *Roll) Remade() map[AttemptName]bool { return r.remade }

// Clone is a Roll that has seen the same.
func (r *Roll) Clone() Roll {
	c := Roll{ended: r.ended, finished: maps.Clone(r.finished), remade: maps.Clone(r.remade)}
	for key, list := range r.cut {
		c.cut = with(c.cut, key, list...)
	}
	for key, list := range r.toRemake {
		c.toRemake = with(c.toRemake, key, list...)
	}
	return c
}
