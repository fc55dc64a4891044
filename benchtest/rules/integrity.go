package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// LabelIntegrity is the label of the implicit rule.
const LabelIntegrity = "integrity"

// IntegrityQuery is the question that the implicit rule rests on.
func IntegrityQuery() facts.Query {
	return facts.Query{Noun: facts.NounIntegrity, Subject: facts.SubjectPackages}
}

// JudgeIntegrity judges the implicit rule state/integrity on one host: no file
// of a package, conffiles apart, differs from the healthy machine, when the
// engine ends and when the hold window does. upgrades says that the machine can
// get other versions of packages; a package whose version changed may then
// differ. Where no package can get in, a new version in the package database
// excuses nothing.
//
// False: the machine was never asked. A machine without an answer at healthy,
// of a distribution that we do not know perhaps, gets a result that decides
// nothing.
func JudgeIntegrity(e StateEvidence, upgrades bool) (Result, bool) {
	res := Result{
		Label: LabelIntegrity, Scope: ScopeState, Required: true, Status: Holds, Host: e.Held.Host,
		Checkpoint: string(facts.Held), Expected: "files of packages are as on the healthy machine",
	}
	f, asked := e.Healthy.Facts[IntegrityQuery().ID()]
	was, ok := changedFiles(f)
	switch {
	case !asked || f.Error == "" && !ok:
		return res, false
	case f.Error != "":
		res.Status, res.Required, res.Reason = RuleErrored, false, f.Error
		return res, true
	}
	q := questionOf(IntegrityQuery())
	for _, s := range []facts.Snapshot{e.After, e.Held} {
		is, err := findFact(s, q)
		res.Checkpoint, res.Grade = string(s.Checkpoint), string(is.Grade)
		if err != nil {
			res.Status, res.Reason = RuleErrored, err.Error()
			if e.EngineActed && e.ProviderWell {
				res.Status, res.Reason = DoesNotHold, "evidence destroyed: "+res.Reason
			}
			return res, true
		}
		now, _ := changedFiles(is)
		if bad := differences(was, now, func(pkg string) bool { return upgrades && upgraded(pkg, e.Healthy, s) }); len(bad) > 0 {
			const shown = 3
			res.Status, res.Raw = DoesNotHold, clip(strings.Join(bad, "\n"), maxRaw)
			res.Got = strings.Join(bad[:min(shown, len(bad))], "; ")
			res.Reason = fmt.Sprintf("%d files of packages differ without a change of the package's version", len(bad))
			return res, true
		}
	}
	return res, true
}

// changedFiles is the list of a fact about integrity; false when it has none.
func changedFiles(f facts.Fact) ([]string, bool) {
	list, ok := normal(f.Attrs["changed"]).([]any)
	files := make([]string, len(list))
	for i, v := range list {
		files[i], _ = v.(string)
	}
	return files, ok
}

// differences are the files of now that were not, or not so, in was. A file that
// was changed on the healthy machine and is again as the package has it is well.
func differences(was, now []string, excused func(pkg string) bool) []string {
	var bad []string
	for _, line := range now {
		pkg, _, _ := strings.Cut(line, " ")
		if !slices.Contains(was, line) && !excused(pkg) {
			bad = append(bad, line)
		}
	}
	return bad
}

// upgraded reports whether the package has another version than on the healthy machine.
func upgraded(pkg string, healthy, now facts.Snapshot) bool {
	q := questionOf(facts.Query{Noun: facts.NounPackage, Subject: pkg})
	before, berr := findFact(healthy, q)
	after, aerr := findFact(now, q)
	return berr == nil && aerr == nil && !equalValues(normal(before.Attrs["versions"]), normal(after.Attrs["versions"]))
}
