package benchtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// selection is which scenarios one run is about.
type selection struct {
	chosen []*scenario.Scenario // by -benchtest.scenarios, -benchtest.shard, -run and -skip
	// listed are the keys by -benchtest.scenarios less those of other shards:
	// what their groups show as subtests, for -run to choose from.
	listed map[string]bool
	// leftOut counts scenarios that carry the word of -run as a tag and whose
	// group it does not name.
	leftOut int
	word    string
	// emptyShard: there are fewer scenarios than shards, and the others have them.
	emptyShard bool
	// unchanged: -benchtest.changed leaves none of what the other flags choose.
	unchanged bool
}

// selectScenarios applies the flags. An unknown key or tag is an error; that
// nothing is left over is the caller's to judge. changed says which scenarios
// -benchtest.changed is about; nil: all.
func selectScenarios(all []*scenario.Scenario, s *settings, run, skip string, changed func(*scenario.Scenario) bool) (selection, error) {
	sel := selection{listed: map[string]bool{}}
	runPattern, err := parsePattern(run)
	if err != nil {
		return sel, err
	}
	skipPattern, err := parsePattern(skip)
	if err != nil {
		return sel, err
	}
	selected := all
	if s.scenarios != "" {
		if selected, err = scenario.Select(all, s.scenarios); err != nil {
			return sel, fmt.Errorf("-benchtest.scenarios: %w", err)
		}
	}
	sel.word = plainWord(run)
	for _, sc := range selected {
		sel.listed[sc.Key] = true
		switch {
		case runPattern.matches("Test_"+sc.Group, sc.Name) && !skipPattern.covers("Test_"+sc.Group, sc.Name):
			sel.chosen = append(sel.chosen, sc)
		case sel.word != "" && slices.Contains(sc.Tags, sel.word):
			sel.leftOut++
		}
	}
	if changed != nil {
		sel.keep(changed)
	}
	return sel, sel.shard(s.shard)
}

// keep leaves out of what is chosen all that has not changed.
func (sel *selection) keep(changed func(*scenario.Scenario) bool) {
	had := len(sel.chosen) > 0
	sel.chosen = slices.DeleteFunc(sel.chosen, func(sc *scenario.Scenario) bool {
		if changed(sc) {
			return false
		}
		delete(sel.listed, sc.Key)
		return true
	})
	sel.unchanged = had && len(sel.chosen) == 0
}

// shard keeps part n of m of what is chosen: the scenarios are dealt out in the
// order of their keys, so that no part is larger than another by more than one.
func (sel *selection) shard(shard string) error {
	if shard == "" {
		return nil
	}
	first, second, ok := strings.Cut(shard, "/")
	n, err1 := strconv.Atoi(first)
	m, err2 := strconv.Atoi(second)
	if !ok || err1 != nil || err2 != nil || n < 1 || m < n {
		return fmt.Errorf("-benchtest.shard=%q: want n/m with 1 <= n <= m, such as 2/8", shard)
	}
	all := slices.SortedFunc(slices.Values(sel.chosen), func(a, b *scenario.Scenario) int { return strings.Compare(a.Key, b.Key) })
	sel.chosen = nil
	for i, sc := range all {
		if i%m == n-1 {
			sel.chosen = append(sel.chosen, sc)
		} else {
			delete(sel.listed, sc.Key)
		}
	}
	sel.emptyShard = len(all) > 0 && len(sel.chosen) == 0
	return nil
}

// nothingChosen is the error of a run that would be green without evidence.
func (s *suite) nothingChosen(run string) error {
	switch {
	case len(s.scenarios) == 0:
		return fmt.Errorf("no scenario below %s: make one with go tool benchtest new nginx/001-broken-config", s.dir)
	case run != "" && s.set.scenarios != "":
		return fmt.Errorf("no scenario matches -run %q and -benchtest.scenarios=%q", run, s.set.scenarios)
	case run != "" && s.sel.leftOut > 0:
		return fmt.Errorf("no scenario matches -run %q; %d carry it as a tag: -benchtest.scenarios=%s", run, s.sel.leftOut, s.sel.word)
	case run != "":
		return fmt.Errorf("no scenario matches -run %q", run)
	}
	return fmt.Errorf("-skip leaves no scenario of -benchtest.scenarios=%q and -benchtest.shard=%q", s.set.scenarios, s.set.shard)
}

var word = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// plainWord is run when it is a word that could be a tag.
func plainWord(run string) string {
	if word.MatchString(run) {
		return run
	}
	return ""
}
