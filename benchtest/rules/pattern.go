package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"time"

	"github.com/dlclark/regexp2"
)

// matchLimit bounds one match of a pattern that backtracks. RE2 needs none.
const matchLimit = time.Second

// ErrMatchLimit says that a backtracking pattern did not come to an answer in
// time; the rule is errored.
var ErrMatchLimit = errors.New("pattern hit its match limit of 1s")

// A Pattern is a compiled regular expression: RE2, or a backtracking one under
// a time limit where the expression needs look-around or back-references, as
// patterns written for the 2501 runner may. It is safe for concurrent use; the
// zero value matches nothing.
type Pattern struct {
	expr string
	fast *regexp.Regexp
	slow *regexp2.Regexp
}

// Compile compiles expr. The error is the one that concerns expr as RE2, unless
// only the backtracking engine could have taken it.
func Compile(expr string, caseInsensitive bool) (Pattern, error) {
	flags := ""
	var options regexp2.RegexOptions
	if caseInsensitive {
		flags, options = "(?i)", regexp2.IgnoreCase
	}
	fast, err := regexp.Compile(flags + expr)
	if err == nil {
		return Pattern{expr: expr, fast: fast}, nil
	}
	if !needsBacktracking(err) {
		return Pattern{}, fmt.Errorf("compile pattern: %w", err)
	}
	slow, slowErr := regexp2.Compile(expr, options)
	if slowErr != nil {
		return Pattern{}, fmt.Errorf("compile pattern: %w", slowErr)
	}
	slow.MatchTimeout = matchLimit
	return Pattern{expr: expr, slow: slow}, nil
}

// needsBacktracking reports whether RE2 refused for what it lacks, not for what
// is wrong: look-around and atomic groups, or \1 and \k.
func needsBacktracking(err error) bool {
	se, ok := errors.AsType[*syntax.Error](err)
	return ok && (se.Code == syntax.ErrInvalidPerlOp || se.Code == syntax.ErrInvalidEscape ||
		se.Code == syntax.ErrInvalidNamedCapture)
}

// MatchString reports whether p matches anywhere in s. The error wraps
// ErrMatchLimit; only a backtracking pattern has one.
func (p Pattern) MatchString(s string) (bool, error) {
	switch {
	case p.fast != nil:
		return p.fast.MatchString(s), nil
	case p.slow != nil:
		ok, err := p.slow.MatchString(s)
		if err != nil {
			return false, fmt.Errorf("match %s: %w", p, ErrMatchLimit)
		}
		return ok, nil
	}
	return false, nil
}

// A watch bounds all backtracking matches of one question together: a text of
// many lines could otherwise draw them out to a limit for each line.
type watch struct{ until time.Time }

func newWatch() watch { return watch{until: time.Now().Add(matchLimit)} }

func (w watch) match(p Pattern, s string) (bool, error) {
	if p.slow != nil && time.Now().After(w.until) {
		return false, fmt.Errorf("match %s: %w", p, ErrMatchLimit)
	}
	return p.MatchString(s)
}

// String is the expression between slashes.
func (p Pattern) String() string { return "/" + p.expr + "/" }

// matchesAnything reports whether no text can fail to match: an unanchored
// expression that matches nothing at all matches everywhere.
func (p Pattern) matchesAnything() bool {
	for _, probe := range []string{"", "q", "7 %\n\n~z"} {
		if ok, err := p.MatchString(probe); !ok || err != nil {
			return false
		}
	}
	return true
}
