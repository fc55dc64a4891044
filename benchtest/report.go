package benchtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
)

func flagLookup(name string) string { return flagValue(flag.CommandLine, name) }

// report ends the record of a run that exits with code, writes junit.xml,
// report.html and the summary, and shows the summary.
func (s *suite) report(code int) error {
	reports.SortAttempts(s.attempts)
	run := s.runner.Record
	dir, err := filepath.Abs(or(s.set.reportDir, run.Dir))
	if err != nil {
		return fmt.Errorf("find report directory: %w", err)
	}
	info := hide(s.secrets, *s.info())
	info.GateVerdict = s.verdict
	if info.Dir, err = filepath.Abs(run.Dir); err != nil {
		return fmt.Errorf("find the record: %w", err)
	}
	tails := reports.AddTails(run.Dir, s.attempts)
	junit := func(w io.Writer) error { return reports.WriteJUnit(w, s.attempts, info) }
	end := reports.Event{Kind: reports.RunFinished, RunID: run.ID, Gate: s.verdict, Exit: code}
	if err := context.Cause(s.ctx); err != nil {
		end.Reason = err.Error()
	}
	errs := []error{run.Log.Append(end), tails}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make report directory: %w", err)
	}
	errs = append(errs, reports.WriteFile(filepath.Join(dir, "junit.xml"), 0o644, junit), s.writePage(dir, end))
	if dir != run.Dir {
		errs = append(errs, run.Publish(dir))
	}
	var summary bytes.Buffer
	errs = append(errs, reports.WriteSummary(&summary, s.attempts, s.summaryOptions(0, dir)))
	errs = append(errs, reports.WriteFile(filepath.Join(dir, "summary.txt"), 0o644, func(w io.Writer) error {
		_, err := w.Write(summary.Bytes())
		return err
	}))
	errs = append(errs, reports.AppendStepSummary(os.Getenv(reports.StepSummary), s.attempts, info), s.show(dir, summary.Bytes()), s.closeStore())
	s.closeSpans()
	return errors.Join(append(errs, run.Close())...)
}

// show prints the summary. go test hides what a passing package prints, so
// where there is a terminal it goes there as well.
func (s *suite) show(dir string, plain []byte) error {
	if width := s.out.width(); width > 0 {
		return reports.WriteSummary(os.Stdout, s.attempts, s.summaryOptions(width, dir))
	}
	if _, err := os.Stdout.Write(plain); err != nil {
		return fmt.Errorf("print summary: %w", err)
	}
	verbose := flagLookup("test.v") != "" && flagLookup("test.v") != "false"
	_, interrupted := s.signal()
	if verbose || !s.passed() && !interrupted { // after Ctrl-C it shows nothing
		return nil
	}
	tty, err := openTTY()
	if err != nil {
		return nil // nobody looks
	}
	defer tty.Close()
	if mine, err := foreground(tty); err != nil || !mine {
		return nil
	}
	return reports.WriteSummary(tty, s.attempts, s.summaryOptions(columns(tty), dir))
}

func (s *suite) summaryOptions(width int, dir string) reports.SummaryOptions {
	o := reports.SummaryOptions{
		Width: width, Color: width > 0 && s.out.color, RecordDir: dir, RepeatCommand: s.repeat, Gate: s.verdict,
	}
	if s.sel.leftOut > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("-run %s left out %d scenarios that carry it as a tag: -benchtest.scenarios=%s runs them too", s.sel.word, s.sel.leftOut, s.sel.word))
	}
	o.Notes = append(o.Notes, s.resumedNotes()...)
	if s.set.order == "shuffle" {
		o.Notes = append(o.Notes, fmt.Sprintf("order: shuffled with -benchtest.seed=%d", s.set.seed))
	}
	return o
}

// repeat is the one line that makes exactly this attempt again, in the root of
// the module. Its limits are its own, so the go command's is off.
func (s *suite) repeat(a reports.Attempt) string {
	line := []string{"go", "test", providers.ShellWord(packagePath(s.dir))}
	if t := buildTags(); t != "" {
		line = append(line, "-tags", providers.ShellWord(t))
	}
	group, name, _ := strings.Cut(strings.TrimPrefix(a.Test, "Test_"), "/")
	name, _, _ = strings.Cut(name, "/")
	line = append(line, "-run", fmt.Sprintf("'^Test_%s$/^%s$'", group, name), "-timeout", "0")
	flag.CommandLine.Visit(func(f *flag.Flag) {
		if name, ours := strings.CutPrefix(f.Name, flagPrefix); ours && !onceOnly[name] {
			line = append(line, "-"+f.Name+"="+providers.ShellWord(f.Value.String()))
		}
	})
	return s.secrets.String(strings.Join(append(line, fmt.Sprintf("-benchtest.seed=%d", a.Seed)), " "))
}

// onceOnly are the flags that chose this run's attempts or where they report,
// and have no place in the repetition of one of them.
var onceOnly = map[string]bool{
	"scenarios": true, "changed": true, "shard": true, "iter": true, "order": true, "seed": true, "fail": true, "report-dir": true, "log-file": true, "progress": true,
	"resume": true,
	"db":     true, // it may hold a password
}
