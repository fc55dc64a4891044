package flakes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// missing fills in what is not ruled out, and what would show more: a line each
// that says what to do.
func (f *Finding) missing(engine, oracle *group) {
	add := func(format string, args ...any) { f.Missing = append(f.Missing, fmt.Sprintf(format, args...)) }
	if f.Cause == stats.Checker {
		return // before that is mended nothing else is worth a look
	}
	if n := f.Judgeable - f.Rejudged; n > 0 {
		f.NotRuledOut = append(f.NotRuledOut, stats.Checker)
		add("%s", unjudged(n, f.Digest, engine, oracle))
	}
	if f.Cause == stats.Environment {
		if n := oracle.kept; n > 0 {
			add("%d of the oracle's verdicts rest on a program that ran in the guest, which re-scoring does not ask again: look at validate.* first", n)
		}
		return
	}
	if len(f.Models) > 1 {
		add("the attempts are of the models %s, which may well differ: name runs of one", strings.Join(f.Models, ", "))
	}
	rate, _ := f.Flake.Engine.Rate()
	more := stats.SeeOnce(1-rate, stats.Confidence) - f.Flake.Oracle.Scored
	if more <= 0 {
		return
	}
	f.NotRuledOut = append(f.NotRuledOut, stats.Environment)
	known := "no attempt of the oracle's was scored"
	if n := f.Flake.Oracle.Scored; n > 0 {
		known = fmt.Sprintf("an environment that breaks as often would spare %d attempts of the oracle's in %.0f of 100 cases", n, 100*stats.Miss(1-rate, n))
	}
	add("%s: run the oracle %d times: %s", known, more, f.oracleCommand(more))
}

// unjudged says why n attempts cannot be judged again.
func unjudged(n int, digest string, groups ...*group) string {
	for _, g := range groups {
		switch err := g.unjudged; {
		case errors.Is(err, errChanged):
			return fmt.Sprintf("%d attempts cannot be judged again, since %v: name its folder with --dir, as of the digest %.12s", n, err, digest)
		case err != nil:
			return fmt.Sprintf("%d attempts cannot be judged again: %v", n, err)
		}
	}
	return ""
}

// oracleCommand is what makes n attempts of the oracle on the same machines.
func (f *Finding) oracleCommand(n int) string {
	tags := ""
	if f.Provider != "" && f.Provider != "local" {
		tags = " -tags " + f.Provider
	}
	return fmt.Sprintf("go test ./scenarios/...%s -run %s -benchtest.engine=%s -count=%d", tags, f.Key, Oracle, n)
}
