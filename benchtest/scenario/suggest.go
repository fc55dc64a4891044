package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// didYouMean is `: did you mean "x"?` when one of known resembles word, and
// else the list of known words if that is short.
func didYouMean(word string, known []string) string {
	if best := rules.Nearest(word, known); best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return ": known are " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}
