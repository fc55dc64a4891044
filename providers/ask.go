package providers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// What a probe may say: bytes, and JSON values. Fifty questions and a machine
// with thousands of packages need a tenth of either.
const (
	maxAnswer       = 16 << 20
	maxAnswerValues = 1 << 18
	maxAnswerDepth  = 100
)

// Facts asks the machine all of req in at most two round trips, side by side:
// out of band where the Machine is a Prober, and for what only a guest program
// can answer, or for everything where it is not, by the probe inside the
// guest over SSH. The facts come in the order asked, then the superset's. A
// question that could not be asked is a Fact with Error set, also when SSH is
// broken and the Prober is well; an error is a machine that cannot be asked at
// all. ctx bounds it. At is the driver's clock.
func (s *Sandbox) Facts(ctx context.Context, req facts.Request) (facts.Answer, error) {
	answer, err := s.facts(ctx, req)
	if err != nil {
		return facts.Answer{}, fmt.Errorf("ask %s for facts: %w", s.host, err)
	}
	answer.At = time.Now()
	return answer, nil
}

func (s *Sandbox) facts(ctx context.Context, req facts.Request) (facts.Answer, error) {
	if s.o.Probe == nil {
		return facts.Answer{}, errors.New("no probe was given")
	}
	prober, outside := s.machine.(Prober)
	if !outside {
		return s.askInside(ctx, req)
	}
	oob, run := split(req)
	if len(run.Queries) == 0 {
		return s.askOutside(ctx, prober, req)
	}
	asking, cancel := context.WithCancel(ctx)
	defer cancel() // what runs in the guest ends with the look at it
	inside := s.askBeside(asking, run)
	var seen facts.Answer
	if len(oob.Queries) > 0 || oob.Superset {
		var err error
		if seen, err = s.askOutside(ctx, prober, oob); err != nil {
			return facts.Answer{}, err
		}
	}
	ran, err := await(ctx, inside)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) || len(seen.Facts) == 0 && !oob.Superset {
			return facts.Answer{}, err
		}
		// What was seen from outside is worth having alone: no program of the
		// guest's takes it away by being slow.
		ran = unasked(run, err)
	}
	return merge(req, seen, ran), nil
}

// A told is what came of asking inside.
type told struct {
	answer facts.Answer
	err    error
}

// askBeside asks inside while others go on; the channel takes what comes of it
// whether or not somebody waits. Close of the sandbox waits for it.
func (s *Sandbox) askBeside(ctx context.Context, req facts.Request) <-chan told {
	done := make(chan told, 1)
	started := s.behind(func() {
		var t told
		t.answer, t.err = s.askInside(ctx, req)
		done <- t
	})
	if !started {
		done <- told{err: ErrClosed}
	}
	return done
}

// await waits for what is told inside, no longer than ctx: to be rid of a
// command over its limit may take a while, in which the guest is not asked.
func await(ctx context.Context, inside <-chan told) (facts.Answer, error) {
	select {
	case t := <-inside:
		return t.answer, t.err
	case <-ctx.Done():
	}
	select {
	case t := <-inside: // both at once
		return t.answer, t.err
	default:
		return facts.Answer{}, fmt.Errorf("ask inside: %w", context.Cause(ctx))
	}
}

// split parts what is asked from outside from what a guest program answers.
func split(req facts.Request) (oob, run facts.Request) {
	oob, run = req, req
	oob.Queries, run.Queries, run.Superset = nil, nil, false
	for _, q := range req.Queries {
		if q.GuestRun() {
			run.Queries = append(run.Queries, q)
		} else {
			oob.Queries = append(oob.Queries, q)
		}
	}
	return oob, run
}

// merge is the reverse of split.
func merge(req facts.Request, seen, ran facts.Answer) facts.Answer {
	all := facts.Answer{Complete: seen.Complete, Mounts: seen.Mounts, Facts: make([]facts.Fact, 0, len(seen.Facts)+len(ran.Facts))}
	from := map[bool]*[]facts.Fact{false: &seen.Facts, true: &ran.Facts}
	for _, q := range req.Queries {
		f := from[q.GuestRun()]
		all.Facts = append(all.Facts, (*f)[0])
		*f = (*f)[1:]
	}
	all.Facts = append(all.Facts, seen.Facts...)
	return all
}

// unasked answers every query of req with err.
func unasked(req facts.Request, err error) facts.Answer {
	var a facts.Answer
	for _, q := range req.Queries {
		a.Facts = append(a.Facts, facts.Fact{Query: q, Grade: facts.GradeGuestRun, Error: err.Error()})
	}
	return a
}

// askOutside asks over the Prober. The grade is the provider's to say; where
// the probe runs outside, it says itself what it could see.
func (s *Sandbox) askOutside(ctx context.Context, p Prober, req facts.Request) (facts.Answer, error) {
	question, err := json.Marshal(req)
	if err != nil {
		return facts.Answer{}, fmt.Errorf("encode request: %w", err)
	}
	said, err := p.Probe(ctx, s.o.Probe, question)
	if err != nil {
		return facts.Answer{}, fmt.Errorf("probe: %w", err)
	}
	return decodeAnswer(said, req, func(f facts.Fact) facts.Grade {
		if inside, ok := p.(ProbeGrader); ok {
			return inside.ProbeGrade()
		}
		return cmp.Or(f.Grade, facts.GradeGuestOOB)
	})
}

// askInside asks the probe in the guest. Whatever grade it claims is ignored.
func (s *Sandbox) askInside(ctx context.Context, req facts.Request) (facts.Answer, error) {
	question, err := json.Marshal(req)
	if err != nil {
		return facts.Answer{}, fmt.Errorf("encode request: %w", err)
	}
	said, err := s.askResident(ctx, question)
	if err != nil {
		return facts.Answer{}, fmt.Errorf("probe in the guest: %w", err)
	}
	return decodeAnswer(said, req, guestGrade)
}

// guestGrade is the grade of a fact that came from inside.
func guestGrade(f facts.Fact) facts.Grade {
	if f.Query.GuestRun() {
		return facts.GradeGuestRun
	}
	return facts.GradeGuestSSH
}

// decodeAnswer reads what a probe said to req. The facts are matched to the
// questions by their place, and what the answer calls them must agree: no
// guest relabels its facts.
func decodeAnswer(said []byte, req facts.Request, grade func(facts.Fact) facts.Grade) (facts.Answer, error) {
	var a facts.Answer
	if len(said) > maxAnswer {
		return a, fmt.Errorf("read answer: %w: %d bytes, over %d", ErrTooLarge, len(said), maxAnswer)
	}
	if depth, values := facts.JSONSize(said); depth > maxAnswerDepth || values > maxAnswerValues {
		return a, fmt.Errorf("read answer: %w: %d values in %d levels, over %d in %d", ErrTooLarge, values, depth, maxAnswerValues, maxAnswerDepth)
	}
	d := json.NewDecoder(bytes.NewReader(said))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return a, fmt.Errorf("read answer: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return a, errors.New("read answer: there is more after it")
	}
	if len(a.Facts) < len(req.Queries) {
		return a, fmt.Errorf("read answer: %d facts for %d queries", len(a.Facts), len(req.Queries))
	}
	for i, q := range req.Queries {
		if got, want := a.Facts[i].Query.ID(), q.ID(); got != want {
			return a, fmt.Errorf("read answer: fact %d is about %q, asked was %q", i, got, want)
		}
		a.Facts[i].Query = q
	}
	if !req.Superset {
		a.Facts, a.Complete, a.Mounts = slices.Clip(a.Facts[:len(req.Queries)]), nil, nil
	}
	for i := range a.Facts {
		a.Facts[i].Grade = grade(a.Facts[i])
	}
	return a, nil
}
