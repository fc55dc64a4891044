package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// StateEvidence is everything that was observed of one host in one attempt, as
// far as a state rule needs it. A zero Snapshot was not taken.
type StateEvidence struct {
	Healthy, Faulted, After, Held facts.Snapshot
	// Samples are those of the hold window, in any order; others do no harm.
	Samples []facts.Snapshot
	// EngineActed says that the engine had its first action (connected to a host).
	EngineActed bool
	// ProviderWell says that provider and driver were well all the time: what
	// could not be had was then taken away inside the guest.
	ProviderWell bool

	seen *seen // by Prepared
}

// A seen is what all rules look at in the same way.
type seen struct {
	at    map[facts.Checkpoint]facts.Snapshot
	looks []facts.Snapshot
}

// Prepared is e for many rules: what each would find out anew is found out once.
// The result is not changed afterwards.
func (e StateEvidence) Prepared() StateEvidence {
	e.seen = &seen{e.checkpoints(), e.looks()}
	return e
}

// checkpoints is what -since matchers may look at.
func (e *StateEvidence) checkpoints() map[facts.Checkpoint]facts.Snapshot {
	at := make(map[facts.Checkpoint]facts.Snapshot, 3)
	if e.Healthy.Checkpoint != "" {
		at[facts.Healthy] = e.Healthy
	}
	if e.Faulted.Checkpoint != "" {
		at[facts.Faulted] = e.Faulted
	}
	if e.After.Checkpoint != "" {
		at[facts.After] = e.After
	}
	return at
}

// JudgeState gives the rule's verdict on one host over the whole hold window.
//
// A rule whose fact answered at faulted and cannot be had after the engine's
// first action, while provider and driver are well, does not hold at that
// moment: "evidence destroyed". An engine cannot leave the denominator by
// breaking the witness. Everything else that cannot be had is errored.
func JudgeState(r *State, e StateEvidence) Result {
	if e.seen == nil {
		e = e.Prepared()
	}
	at, looks := e.seen.at, e.seen.looks
	j := judgement{rule: r, at: at, destroyed: e.EngineActed && e.ProviderWell && r.answered(e.Faulted, at)}
	decided := make([]decision, len(looks))
	for i := range looks {
		decided[i] = j.moment(&looks[i])
		if i > 0 && r.hasWindow() && decided[i].status == Holds && decided[i-1].status == Holds && restarted(r.question(), looks[i-1], looks[i]) {
			decided[i-1].status, decided[i-1].reason = DoesNotHold, "it was started anew before the next look: it did not go on to hold"
		}
	}
	var samples []Moment
	for _, d := range decided[1 : len(decided)-1] {
		samples = append(samples, Moment{Since: d.look.Since, Status: d.status})
	}
	status, _ := r.Settled(samples, decided[0].status, decided[len(decided)-1].status, e.Held.Since)
	return r.explain(status, e.Held.Since, decided)
}

// looks are all moments of the hold window in their order: after, samples, held.
func (e *StateEvidence) looks() []facts.Snapshot {
	looks := []facts.Snapshot{e.After}
	for _, s := range e.Samples {
		if s.Since > 0 && s.Since < e.Held.Since {
			looks = append(looks, s)
		}
	}
	slices.SortStableFunc(looks[1:], func(a, b facts.Snapshot) int { return cmp.Compare(a.Since, b.Since) })
	return append(looks, e.Held)
}

// restarted reports whether a service that runs at both moments was down in
// between: it runs since another time. A reload does not change that.
func restarted(q question, before, now facts.Snapshot) bool {
	if q.Noun != facts.NounService {
		return false
	}
	was, werr := findFact(before, q)
	is, ierr := findFact(now, q)
	return werr == nil && ierr == nil && doing(was) && doing(is) &&
		was.Attrs["since"] != nil && is.Attrs["since"] != nil && was.Attrs["since"] != is.Attrs["since"]
}

type judgement struct {
	rule      *State
	at        map[facts.Checkpoint]facts.Snapshot
	destroyed bool // what cannot be had was destroyed by the engine
}

func (j judgement) moment(s *facts.Snapshot) decision {
	d := j.rule.decide(s, j.at)
	if d.err != nil && j.destroyed && !errors.Is(d.err, errCheckpoint) && s.Checkpoint != "" {
		d.status = DoesNotHold
		d.reason = "evidence destroyed: " + d.reason
	}
	return d
}

// answered reports whether the rule's question had an answer at faulted. An
// earlier checkpoint that is missing is no fault of the answer.
func (r *State) answered(faulted facts.Snapshot, at map[facts.Checkpoint]facts.Snapshot) bool {
	if faulted.Checkpoint == "" {
		return false
	}
	err := r.decide(&faulted, at).err
	return err == nil || errors.Is(err, errCheckpoint)
}

// explain tells of the moment that shows best why the rule came to status. The
// moments begin with after and end with held, which was at end.
func (r *State) explain(status Status, end time.Duration, moments []decision) Result {
	after, held := moments[0], moments[len(moments)-1]
	switch {
	case held.status == status:
		return r.describe(held)
	case after.status == status && !r.hasWindow():
		after.reason = appendReason(after.reason, "it must hold when the engine ends and at the end of the hold window")
		return r.describe(after)
	case status == RuleErrored && r.hasWindow() && r.short(end):
		held.status = status
		held.reason = appendReason(held.reason, fmt.Sprintf("the hold window was cut at %s of %s", end.Round(time.Millisecond), r.Within+r.For))
		return r.describe(held)
	}
	// It holds in the end, but came late or did not stay: show the last moment
	// that was not so.
	last, since := after, time.Duration(0)
	for _, d := range moments[1 : len(moments)-1] {
		if d.status == status && d.look.Since >= since {
			last, since = d, d.look.Since
		}
	}
	last.status = status
	last.reason = appendReason(last.reason, fmt.Sprintf("still so %s after the engine ended, and it must hold from %s on", since.Round(time.Millisecond), r.Within))
	return r.describe(last)
}

func appendReason(reason, more string) string {
	if reason == "" {
		return more
	}
	return reason + "; " + more
}

// BeforeOK is the negative control: whether the rule did at faulted what its
// before says. If not, reason says what it did instead.
func (r *State) BeforeOK(faulted Result) (ok bool, reason string) {
	want := DoesNotHold
	switch r.Before {
	case BeforeAny:
		return true, ""
	case BeforeHolds:
		want = Holds
	}
	switch faulted.Status {
	case want:
		return true, ""
	case Holds:
		return false, "it holds although the fault is in (before: fails)"
	case DoesNotHold:
		return false, fmt.Sprintf("it does not hold once the fault is in (before: holds): expected %s, got %s", faulted.Expected, faulted.Got)
	}
	return false, "it could not be asked: " + faulted.Reason
}

// AllHosts is one verdict from a rule's results on several hosts: it holds when
// it holds on each, and one host where it does not decides. The result shown is
// that of the first host that decides.
func AllHosts(results []Result) Result {
	if len(results) == 0 {
		return Result{Scope: ScopeState, Status: RuleErrored, Reason: "no host was asked"}
	}
	for _, decisive := range []Status{DoesNotHold, RuleErrored} {
		if i := slices.IndexFunc(results, func(r Result) bool { return r.Status == decisive }); i >= 0 {
			return results[i]
		}
	}
	all := results[0]
	hosts := make([]string, len(results))
	for i, r := range results {
		hosts[i] = r.Host
		if weaker(r.Grade, all.Grade) {
			all.Grade = r.Grade
		}
	}
	all.Host = strings.Join(hosts, ", ")
	return all
}

// weaker reports whether grade a is to be trusted less than b.
func weaker(a, b string) bool {
	order := []string{string(facts.GradeHost), string(facts.GradeGuestOOB), string(facts.GradeGuestSSH), string(facts.GradeGuestRun)}
	return slices.Index(order, a) > slices.Index(order, b)
}
