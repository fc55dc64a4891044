package benchtest

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// selection is which scenarios one run is about.
type selection struct {
	chosen []*scenario.Scenario // by -benchtest.scenarios, -benchtest.shard, -run and -skip
	listed map[string]bool      // keys by the first two alone: what their groups show as subtests
	// leftOut counts scenarios that carry the word of -run as a tag and whose
	// group it does not name.
	leftOut int
	word    string
}

// selectScenarios applies the flags. An unknown key or tag is an error; that
// nothing is left over is the caller's to judge.
func selectScenarios(all []*scenario.Scenario, s *settings, run, skip string) (selection, error) {
	sel := selection{listed: map[string]bool{}}
	runPattern, err := parsePattern(run)
	if err != nil {
		return sel, err
	}
	skipPattern, err := parsePattern(skip)
	if err != nil {
		return sel, err
	}
	listed := all
	if s.scenarios != "" {
		if listed, err = scenario.Select(all, s.scenarios); err != nil {
			return sel, fmt.Errorf("-benchtest.scenarios: %w", err)
		}
	}
	if listed, err = shardOf(listed, s.shard); err != nil {
		return sel, err
	}
	sel.word = plainWord(run)
	for _, sc := range listed {
		sel.listed[sc.Key] = true
		switch {
		case runPattern.matches("Test_"+sc.Group, sc.Name) && !skipPattern.covers("Test_"+sc.Group, sc.Name):
			sel.chosen = append(sel.chosen, sc)
		case sel.word != "" && slices.Contains(sc.Tags, sel.word):
			sel.leftOut++
		}
	}
	return sel, nil
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
	return fmt.Errorf("no scenario is left by -benchtest.scenarios=%q, -benchtest.shard=%q and -skip", s.set.scenarios, s.set.shard)
}

var word = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// plainWord is run when it is a word that could be a tag.
func plainWord(run string) string {
	if word.MatchString(run) {
		return run
	}
	return ""
}

// shardOf keeps part n of m. The key's hash decides, so that a scenario stays
// in its shard when others come and go.
func shardOf(all []*scenario.Scenario, shard string) ([]*scenario.Scenario, error) {
	if shard == "" {
		return all, nil
	}
	first, second, ok := strings.Cut(shard, "/")
	n, err1 := strconv.Atoi(first)
	m, err2 := strconv.Atoi(second)
	if !ok || err1 != nil || err2 != nil || n < 1 || m < n {
		return nil, fmt.Errorf("-benchtest.shard=%q: want n/m with 1 <= n <= m, such as 2/8", shard)
	}
	var part []*scenario.Scenario
	for _, sc := range all {
		h := fnv.New32a()
		h.Write([]byte(sc.Key)) // a hash never fails to write
		if int(h.Sum32()%uint32(m)) == n-1 {
			part = append(part, sc)
		}
	}
	return part, nil
}
