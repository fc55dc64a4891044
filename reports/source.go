package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// A Source is where the attempts of runs come from: directories, or a database.
// What it does not have is an error that is fs.ErrNotExist. It may be used
// concurrently.
type Source interface {
	// Record is the run of this name, with the results of all rules.
	Record(ctx context.Context, name string) (Record, error)
	// IDs lists the runs that began at since or later, the oldest first. One of
	// which it cannot tell is among them; the zero time leaves out none.
	IDs(ctx context.Context, since time.Time) ([]string, error)
	// ReadEvidence reads what was recorded of an attempt of rec: the facts that
	// are wanted, and the job record. What is not there, or not as it was
	// recorded, is an error that is ErrEvidence.
	ReadEvidence(ctx context.Context, rec Record, a *Attempt, want Wanted) (Evidence, error)
}

// ErrAmbiguous says that several runs are meant by one name.
var ErrAmbiguous = errors.New("several runs are called so")

// nearRuns is how many runs an error names.
const nearRuns = 3

// Match is the one of ids that is name or alone begins with it. Where there is
// none, or more than one, the error is fs.ErrNotExist or ErrAmbiguous, and names
// some that may be meant.
func Match(name string, ids []string) (string, error) {
	var begin []string
	for _, id := range ids {
		if id == name {
			return id, nil
		}
		if name != "" && strings.HasPrefix(id, name) {
			begin = append(begin, id)
		}
	}
	switch {
	case len(begin) == 1:
		return begin[0], nil
	case len(begin) > 1:
		return "", fmt.Errorf("find run %q: %w: %s: give more of the ID", name, ErrAmbiguous, nearest(name, begin))
	}
	there := "there is none"
	if len(ids) > 0 {
		there = "the nearest are " + nearest(name, ids)
	}
	return "", fmt.Errorf("find run %q: %w: want the ID of a run, or how it alone begins: %s", name, fs.ErrNotExist, there)
}

// nearest names the ids that begin most like name, the latest of them first.
func nearest(name string, ids []string) string {
	list := slices.Clone(ids)
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(alike(name, b), alike(name, a)), cmp.Compare(b, a))
	})
	text := strings.Join(list[:min(len(list), nearRuns)], ", ")
	if more := len(list) - nearRuns; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// alike is how many bytes a and b have in common before they differ.
func alike(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
