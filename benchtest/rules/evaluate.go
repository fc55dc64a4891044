package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// maxRaw bounds the observation that a Result carries.
const maxRaw = 4 << 10

// HoldsAt judges the rule by what was observed of one host at one moment. at
// holds the earlier checkpoints of the same host, for unchanged-since and its
// like. negate turns holding into not holding and back, never an error.
func (r *State) HoldsAt(now facts.Snapshot, at map[facts.Checkpoint]facts.Snapshot) Result {
	res, _ := r.evaluate(now, at)
	return res
}

// evaluate is HoldsAt with the reason why the rule is errored, which wraps
// errCheckpoint when it lies in an earlier checkpoint.
func (r *State) evaluate(now facts.Snapshot, at map[facts.Checkpoint]facts.Snapshot) (Result, error) {
	d := r.decide(&now, at)
	return r.describe(d), d.err
}

// A decision is what a rule comes to at one moment, before it is put into words:
// of all moments only one is told.
type decision struct {
	look   *facts.Snapshot
	fact   facts.Fact // that was judged; zero where none was found
	status Status
	reason string
	err    error // why it is errored
	// wrong are the expectations that were not met.
	wrong []expectation
}

// decide judges the rule at one moment.
func (r *State) decide(now *facts.Snapshot, at map[facts.Checkpoint]facts.Snapshot) decision {
	d := decision{look: now, status: RuleErrored}
	f, err := findFact(*now, r.question())
	if err == nil && len(r.expect) == 0 {
		err = errors.New("the rule expects nothing")
	}
	if err != nil {
		d.err, d.reason = err, err.Error()
		return d
	}
	d.fact = f
	wrong, why, err := r.judge(f, at)
	switch {
	case len(wrong) > 0:
		// One attribute that is wrong decides, whatever could not be had.
		d.status, d.wrong, d.reason = DoesNotHold, wrong, strings.Join(why, "; ")
	case err != nil:
		d.err, d.reason = err, err.Error()
	default:
		d.status = Holds
		if why := r.impostor(f, at); why != "" {
			d.status, d.reason = DoesNotHold, why
		}
	}
	if r.Negate {
		d.negate()
	}
	if why := r.otherWitness(f, at); why != "" && d.status == Holds {
		d.status, d.reason = DoesNotHold, why
	}
	return d
}

func (d *decision) negate() {
	switch d.status {
	case Holds:
		d.status, d.reason = DoesNotHold, ""
	case DoesNotHold:
		d.status = Holds
	}
}

// describe puts a decision into words.
func (r *State) describe(d decision) Result {
	res := Result{
		Label: r.Label, Scope: ScopeState, Required: r.Required, Status: d.status, Reason: d.reason,
		Host: d.look.Host, Checkpoint: string(d.look.Checkpoint), Expected: r.told,
		Raw: clip(d.fact.Raw, maxRaw), Grade: string(d.fact.Grade),
	}
	switch {
	case len(d.wrong) > 0:
		res.Got = got(d.fact, d.wrong)
		if !r.Negate {
			res.Expected = r.expected(d.wrong)
		}
	case d.err == nil:
		res.Got = got(d.fact, r.expect)
	}
	return res
}

// judge returns the expectations that are not met, and why where there is more
// to say than expected and got.
func (r *State) judge(f facts.Fact, at map[facts.Checkpoint]facts.Snapshot) (wrong []expectation, why []string, err error) {
	for _, e := range r.expect {
		found := e.judge(f, r.question(), at)
		switch {
		case found.err != nil:
			err = fmt.Errorf("%s: %w", e.attr, found.err)
		case !found.holds:
			wrong = append(wrong, e)
			if found.why != "" {
				why = append(why, e.attr+": "+found.why)
			}
		}
	}
	return wrong, why, err
}

func (e expectation) judge(f facts.Fact, q question, at map[facts.Checkpoint]facts.Snapshot) finding {
	v := normal(f.Attrs[e.attr])
	if v == nil {
		return fails("it has no value")
	}
	earlier := func(c facts.Checkpoint) (any, error) {
		s, ok := at[c]
		if !ok {
			return nil, fmt.Errorf("%w: %s", errCheckpoint, c)
		}
		then, err := findFact(s, q)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errCheckpoint, c, err)
		}
		return normal(then.Attrs[e.attr]), nil
	}
	found := e.want.match(v, scope{at: earlier, watch: newWatch()})
	if f.Truncated && e.typ == facts.TypeText && found.err == nil && (!found.holds || !decidesCut(e.want)) {
		return unanswered("the text was cut, so this cannot be known of the whole")
	}
	return found
}

func (r *State) expected(es []expectation) string {
	words := make([]string, len(es))
	for i, e := range es {
		words[i] = e.String()
	}
	text := strings.Join(words, "; ")
	if r.Negate {
		return "not (" + text + ")"
	}
	return text
}

func got(f facts.Fact, es []expectation) string {
	words := make([]string, len(es))
	for i, e := range es {
		words[i] = e.attr + ": " + show(normal(f.Attrs[e.attr]))
	}
	return strings.Join(words, "; ")
}

// errMissing says that the evidence never had the question.
var errMissing = errors.New("fact missing")

// A question is a query with the names under which its answer may be stored.
type question struct {
	facts.Query
	id string
	// inventoried is the name in an inventory, which knows no users and no parameters.
	inventoried string
}

func questionOf(q facts.Query) question {
	return question{Query: q, id: q.ID(), inventoried: facts.Query{Noun: q.Noun, Subject: q.Subject}.ID()}
}

// findFact returns the fact that answers q. A subject that a complete inventory
// does not have does not exist, which is an answer.
func findFact(s facts.Snapshot, q question) (facts.Fact, error) {
	if s.Error != "" {
		return facts.Fact{}, fmt.Errorf("host %s could not be asked: %s", s.Host, s.Error)
	}
	f, ok := s.Facts[q.id]
	complete := !ok && slices.Contains(s.Complete, q.Noun)
	if complete {
		f, ok = s.Facts[q.inventoried]
	}
	switch {
	case !ok && complete:
		return absent(q.Query), nil
	case !ok:
		return facts.Fact{}, fmt.Errorf("%w: %s %q was not asked for at %s", errMissing, q.Noun, q.Subject, s.Checkpoint)
	case f.Error != "":
		return facts.Fact{}, fmt.Errorf("%s %q could not be asked: %s", q.Noun, q.Subject, clip(f.Error, 300))
	}
	return f, nil
}

// absent is the fact about a subject that is not there: it exists, runs,
// listens not, and has no other attributes.
func absent(q facts.Query) facts.Fact {
	f := facts.Fact{Query: q, Attrs: map[string]any{}, Raw: "not in the inventory"}
	noun, _ := facts.LookupNoun(q.Noun)
	for _, a := range noun.Attrs {
		switch {
		case a.Type == facts.TypeBool:
			f.Attrs[a.Name] = false
		case a.Name == "count":
			f.Attrs[a.Name] = float64(0)
		}
	}
	return f
}
