package rules

import (
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func semverDefs() []matcherDef {
	return []matcherDef{{
		name: "semver-constraint", doc: `every version fits, for instance ">= 1.22, < 2"`,
		types: []facts.Type{facts.TypeString, facts.TypeText, facts.TypeList}, parse: parseSemver, schema: stringSchema,
	}}
}

// semverMatcher holds when every version of the value fits.
type semverMatcher struct {
	text       string
	constraint *semver.Constraints
}

func parseSemver(rd *reader, n *yaml.Node, s slot) matcher {
	text, ok := rd.text(n, s.name)
	if !ok {
		return nil
	}
	c, err := semver.NewConstraint(text)
	if err != nil {
		rd.problem(n, "%s: %v", s.name, err)
		return nil
	}
	return semverMatcher{text: text, constraint: c}
}

func (m semverMatcher) match(got any, _ scope) finding {
	elements, ok := toElements(got)
	if !ok || len(elements) == 0 {
		return fails("no version")
	}
	for _, e := range elements {
		text, _ := e.(string)
		v, err := m.version(text)
		if err != nil {
			return fails("%s is no version", show(e))
		}
		if !m.constraint.Check(v) {
			return fails("%s does not fit", show(e))
		}
	}
	return finding{holds: true}
}

// version reads a version as packages write it: "1:1.22.1-9+deb12u1" is 1.22.1.
// A distribution's revision is no prerelease, so everything after the numbers
// goes, unless the constraint itself speaks of prereleases.
func (m semverMatcher) version(text string) (*semver.Version, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "v")
	if strings.ContainsRune(m.text, '-') {
		return semver.NewVersion(text)
	}
	numbers := regexp.MustCompile(`^(?:[0-9]+:)?([0-9]+(?:\.[0-9]+){0,2})`).FindStringSubmatch(text)
	if numbers == nil {
		return nil, semver.ErrInvalidSemVer
	}
	return semver.NewVersion(numbers[1])
}

func (m semverMatcher) String() string { return "semver-constraint " + show(m.text) }
