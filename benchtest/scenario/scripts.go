package scenario

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

var stepNames = []string{"prepare", "restore", "validate", "solve"}

// findScripts sets Scripts from the files in the scenario's directory itself,
// and reports those whose names say something else than they seem to.
func (s *Scenario) findScripts() Problems {
	steps := map[string]*Step{
		"prepare": &s.Scripts.Prepare, "restore": &s.Scripts.Restore,
		"validate": &s.Scripts.Validate, "solve": &s.Scripts.Solve,
	}
	var problems Problems
	for _, file := range s.files {
		stem, rest, _ := strings.Cut(file, ".")
		r := &report{file: path.Join(s.Dir, file)}
		if step := steps[stem]; step != nil {
			s.addScript(step, stem, rest, r)
		} else if meant := rules.Nearest(stem, stepNames); meant != "" && (rest == "yml" || rest == "sh") {
			r.warnf(place{1, 1}, "nothing runs this file: did you mean %s.%s?", meant, rest)
		}
		problems = append(problems, r.list...)
	}
	for _, name := range stepNames {
		step := steps[name]
		if step.Playbook == "" || step.Shell == "" && len(step.PerHost) == 0 {
			continue
		}
		r := &report{file: path.Join(s.Dir, step.Playbook)}
		shell := slices.Collect(step.files)[1:]
		r.errorf(place{1, 1}, "a step is a playbook or shell: drop this file or %s", strings.Join(shell, " and "))
		problems = append(problems, r.list...)
	}
	return problems
}

// addScript takes the file STEM.REST into a step.
func (s *Scenario) addScript(step *Step, stem, rest string, r *report) {
	host, perHost := strings.CutSuffix(rest, ".sh")
	switch {
	case rest == "yml":
		step.Playbook = stem + ".yml"
	case rest == "sh":
		step.Shell = stem + ".sh"
	case rest == "yaml" || rest == "bash":
		r.errorf(place{1, 1}, "nothing runs this file: call it %s.yml or %s.sh", stem, stem)
	case strings.HasSuffix(rest, ".yml"):
		r.errorf(place{1, 1}, "a playbook names its hosts itself: call it %s.yml", stem)
	case perHost && !s.host(host):
		r.errorf(place{1, 1}, "no host %q%s", host, didYouMean(host, s.hostNames()))
	case perHost:
		if step.PerHost == nil {
			step.PerHost = map[string]string{}
		}
		step.PerHost[host] = stem + "." + rest
	}
}

// files yields the names of the step's files, the playbook first, then sorted.
func (s *Step) files(yield func(string) bool) {
	names := append([]string{s.Playbook, s.Shell}, slices.Sorted(maps.Values(s.PerHost))...)
	for _, name := range names {
		if name != "" && !yield(name) {
			return
		}
	}
}
