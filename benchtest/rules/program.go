package rules

import (
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// The attributes that say who does something, and who says so.
const (
	attrProgram = "program"
	attrWitness = "witness"
)

// impostor says why what the rule finds running, listening or answering is not
// what did so on the healthy machine: it is another program. Empty when it is
// the same, when nobody was seen then, or when the rule has an opinion of its
// own on the program.
func (r *State) impostor(now facts.Fact, at map[facts.Checkpoint]facts.Snapshot) string {
	if r.Negate || !r.aboutDoing() || !doing(now) {
		return ""
	}
	was := executables(r.healthy(at))
	is := executables(now)
	if len(was) == 0 {
		return ""
	}
	if len(is) == 0 {
		return fmt.Sprintf("no program can be seen that does it; at healthy it was %s", show(was))
	}
	for _, p := range is {
		if !slices.Contains(was, p) {
			return fmt.Sprintf("another program does it: %s; at healthy it was %s", show(p), show(was))
		}
	}
	return ""
}

// aboutDoing reports whether the rule is about somebody who does something,
// and leaves open who.
func (r *State) aboutDoing() bool {
	standing := []string{"enabled", "masked", "failed"} // of a service that may be down
	about := false
	for _, e := range r.expect {
		if e.attr == attrProgram {
			return false
		}
		about = about || r.Query.Noun != facts.NounService || !slices.Contains(standing, e.attr)
	}
	return about
}

// doing reports whether the fact says that somebody does something.
func doing(f facts.Fact) bool {
	switch f.Query.Noun {
	case facts.NounService, facts.NounProcess:
		return f.Attrs["running"] == true
	case facts.NounPort:
		return f.Attrs["listening"] == true
	case facts.NounHTTP:
		status, _ := normal(f.Attrs["status"]).(float64)
		return status > 0
	}
	return false
}

// executables are the executables that the fact names.
func executables(f facts.Fact) []any {
	switch p := normal(f.Attrs[attrProgram]).(type) {
	case string:
		return []any{p}
	case []any:
		return p
	}
	return nil
}

// otherWitness says that somebody else answers for systemd than on the healthy
// machine, or that nobody does any more. Empty when that is not so.
func (r *State) otherWitness(now facts.Fact, at map[facts.Checkpoint]facts.Snapshot) string {
	if r.Query.Noun != facts.NounService {
		return ""
	}
	was, is := r.healthy(at).Attrs[attrWitness], now.Attrs[attrWitness]
	if was == nil || was == is {
		return ""
	}
	if is == nil {
		return fmt.Sprintf("evidence destroyed: systemd, asked through %s, does not answer any more", show(was))
	}
	return fmt.Sprintf("evidence destroyed: %s answers for systemd, and it was %s", show(is), show(was))
}

// healthy is the answer to the rule's question on the healthy machine, or the
// zero Fact when there is none.
func (r *State) healthy(at map[facts.Checkpoint]facts.Snapshot) facts.Fact {
	s, ok := at[facts.Healthy]
	if !ok {
		return facts.Fact{}
	}
	f, err := findFact(s, r.question())
	if err != nil {
		return facts.Fact{}
	}
	return f
}
