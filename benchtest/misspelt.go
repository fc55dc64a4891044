package benchtest

import (
	"fmt"
	"strings"
)

// misspelt is an error when one of a build's tags, which commas separate, is a slip of the finger away
// from a provider's: the run would go to another provider than was meant.
func misspelt(build string) error {
	for tag := range strings.SplitSeq(build, ",") {
		for _, name := range []string{"host", "incus", "lima"} {
			if slip(tag, name) {
				return fmt.Errorf("build tag %q chooses no provider: did you mean -tags %s? If not, say which with -benchtest.provider", tag, name)
			}
		}
	}
	return nil
}

// slip reports whether one letter more, less or other, or two that changed
// places, make b of a.
func slip(a, b string) bool {
	if a == b {
		return false
	}
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch len(a) - len(b) {
	case 1:
		return ra[1:] == rb
	case -1:
		return ra == rb[1:]
	case 0:
		swapped := len(ra) >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2:] == rb[2:]
		return swapped || ra[1:] == rb[1:]
	}
	return false
}
