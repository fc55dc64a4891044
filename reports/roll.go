package reports

// A Roll is shown the events of one record in their order, and tells which
// attempts are still there. The zero Roll has seen none.
//
// A flushed attempt is gone, by every reader's count. Nobody flushes a run that
// goes on, so an event that says so in the midst of one is forged and hides
// nothing; nor can it from the gate of a live run, which counts what its own
// process made. Of a run that has ended, whoever can write to the record could as
// well take lines out: readers believe it, and the database has its own rows.
type Roll struct {
	ended bool
}

// Flushes reports whether the next event, of this kind, takes away the attempt
// that it names, and what was said of it before.
func (r *Roll) Flushes(next Kind) bool {
	switch next {
	case RunStarted, RunResumed:
		r.ended = false
	case RunFinished:
		r.ended = true
	case Flushed:
		return r.ended
	}
	return false
}
