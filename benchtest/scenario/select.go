package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Select is those of all that list names, in the order of all. list holds
// keys and tags, comma-separated and mixed; an empty one selects everything.
// Each word must select something: one that does not is an error that says
// what was probably meant.
func Select(all []*Scenario, list string) ([]*Scenario, error) {
	return selectBy(all, list, (*Scenario).Entry)
}

// SelectEntries is Select for the lines of a table.
func SelectEntries(all []Entry, list string) ([]Entry, error) {
	return selectBy(all, list, func(e Entry) Entry { return e })
}

func selectBy[T any](all []T, list string, entry func(T) Entry) ([]T, error) {
	if strings.TrimSpace(list) == "" {
		return all, nil
	}
	wanted := map[string]bool{} // word → it selects something
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			wanted[word] = false
		}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("select scenarios: %q names none", list)
	}
	var chosen []T
	var known, groups []string
	for _, x := range all {
		e := entry(x)
		take := false
		for _, word := range append([]string{e.Key}, e.Tags...) {
			if _, ok := wanted[word]; ok {
				wanted[word], take = true, true
			}
			known = append(known, word)
		}
		groups = append(groups, e.Group)
		if take {
			chosen = append(chosen, x)
		}
	}
	if err := unknownWords(wanted, known, groups); err != nil {
		return nil, err
	}
	return chosen, nil
}

func unknownWords(wanted map[string]bool, known, groups []string) error {
	slices.Sort(known)
	known = slices.Compact(known)
	var unknown []string
	for word, found := range wanted {
		if !found {
			unknown = append(unknown, word)
		}
	}
	slices.Sort(unknown)
	var errs []error
	for _, word := range unknown {
		hint := didYouMean(word, known)
		if slices.Contains(groups, word) {
			hint = fmt.Sprintf(": it is a group, which -run %s selects", word)
		}
		errs = append(errs, fmt.Errorf("no scenario has the key or tag %q%s", word, hint))
	}
	return errors.Join(errs...)
}
