package reports

import (
	"bytes"
	"encoding/xml"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// hostile is an attempt all of whose texts are text.
func hostile(outcome, text string) Attempt {
	return Attempt{
		Key: "k/" + text, Iteration: 2, Outcome: rules.Outcome(outcome), Reason: "r" + text, Provider: text, Engine: text, Gateway: text,
		Tags: []string{text}, Dir: text, Retries: []string{text}, EngineIsolation: text, Resolution: rules.Resolution(text),
		Results: []rules.Result{{
			Label: text, Scope: rules.Scope("s" + text), Required: true, Status: rules.DoesNotHold, Host: text, Expected: text, Got: text,
			Checkpoint: text, Raw: text, Grade: text, Evidence: rules.Evidence(text), Reason: text,
		}},
	}
}

// saw requires that what was written has before, and then the beginning of
// text; but a sequence in the text may reach into what follows, or be cut.
func saw(t *testing.T, written, before, text string) {
	t.Helper()
	if !strings.Contains(text, "\x1b") {
		require.Contains(t, written, before+legalXML(beginning(text)))
	}
}

// beginning is the first bytes of text, not cut within a rune.
func beginning(text string) string {
	n := min(len(text), 20)
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// FuzzWriteJUnit: whatever a guest printed, the file is legal XML 1.0 of the
// same shape, and a reader finds the text in it.
func FuzzWriteJUnit(f *testing.F) {
	f.Fuzz(func(t *testing.T, outcome, text, gate string) {
		var b bytes.Buffer
		info := RunInfo{RunID: text, Version: text, Gate: gate, Capacity: Capacity{Hostname: text}}
		require.NoError(t, WriteJUnit(&b, []Attempt{hostile(outcome, text)}, info))
		require.Less(t, b.Len(), 1<<20+64*(len(text)+len(gate)+len(outcome)))
		requireLegalXML(t, b.Bytes())
		var file junitFile
		require.NoError(t, xml.Unmarshal(dropTimes(b.Bytes()), &file))
		require.Len(t, file.Suites, 1)
		require.LessOrEqual(t, len(file.Suites[0].Cases), 2, "the attempt and its rule")
		c := file.Suites[0].Cases[0]
		require.Equal(t, legalXML(text+"/i2"), c.Name)
		require.Equal(t, legalXML(text), file.Suites[0].Hostname)
		saw(t, string(c.Out), "retried: ", text)
		require.Len(t, c.FlakyErrors, len(c.RerunErrors)^1)
		ends := 0
		for _, end := range []*junitEnd{c.Failure, c.Error, c.Skipped} {
			if end != nil {
				ends++
				saw(t, end.Message, "r", text)
			}
		}
		require.Equal(t, rules.Outcome(outcome) != rules.Passed, ends == 1)
		for _, rule := range file.Suites[0].Cases[1:] {
			for _, end := range []*junitEnd{rule.Failure, rule.Skipped} {
				if end != nil {
					ends++
				}
			}
		}
		require.Equal(t, ends, file.Failures+file.Errors+file.Suites[0].Skipped)
	})
}

// ownStyles are the sequences that a coloured summary may hold.
var ownStyles = regexp.MustCompile("\x1b\\[([0-9]|3[1-5])m")

// FuzzWriteSummary: what a guest printed reaches a terminal as text on a line
// that would be there anyway.
func FuzzWriteSummary(f *testing.F) {
	f.Fuzz(func(t *testing.T, outcome, text string, width uint8, color bool) {
		lines := func(outcome, text string) []string {
			o := SummaryOptions{
				Width: int(width), Color: color, RecordDir: "d" + text, Notes: []string{text},
				RepeatCommand: func(a Attempt) string { return "go test " + a.Key },
			}
			var b bytes.Buffer
			require.NoError(t, WriteSummary(&b, []Attempt{hostile(outcome, text)}, o))
			return strings.Split(b.String(), "\n")
		}
		got := lines(outcome, text)
		for _, line := range got {
			if color {
				line = ownStyles.ReplaceAllString(line, "")
			}
			require.Equal(t, oneLine(line), line)
		}
		switch o := rules.Outcome(outcome); o {
		case rules.Passed, rules.Skipped, rules.Errored, rules.Failed, rules.Unsafe, rules.Timeout:
			require.Len(t, got, len(lines(outcome, "text")), "no text makes a line")
		}
	})
}

// FuzzReadEvents: whatever a crash left of a log, appending to it loses and
// adds nothing, and what is no event is named by its line.
func FuzzReadEvents(f *testing.F) {
	next := Event{Kind: PhaseDone, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Phase: "hold"} // of a kind that is not synced
	path := filepath.Join(f.TempDir(), EventsFile)
	f.Fuzz(func(t *testing.T, text []byte) {
		before, errs := readAll(text)
		for _, err := range errs {
			require.Regexp(t, `^read event, line [1-9][0-9]*: `, err)
		}
		require.LessOrEqual(t, len(before)+len(errs), bytes.Count(text, []byte("\n"))+1)
		require.NoError(t, os.RemoveAll(path)) // cheaper than to write over it
		require.NoError(t, os.WriteFile(path, text, 0o600))
		log, err := OpenLog(path)
		require.NoError(t, err)
		require.NoError(t, log.Append(next))
		require.NoError(t, log.Close())
		mended, err := os.ReadFile(path)
		require.NoError(t, err)
		after, errsAfter := readAll(mended)
		require.Equal(t, append(before, next), after)
		require.Equal(t, errs, errsAfter)
	})
}

func readAll(text []byte) (events []Event, errs []string) {
	for e, err := range ReadEvents(bytes.NewReader(text)) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		events = append(events, e)
	}
	return events, errs
}

// FuzzVerifyEvidence: a changed, a longer and an extra file are found, wherever
// they are; only artifacts, and files that say nothing, may come and go.
func FuzzVerifyEvidence(f *testing.F) {
	original, head := sealed(f)
	f.Fuzz(func(t *testing.T, file uint8, tail []byte, extra string, content []byte) {
		names := []string{chainName, "facts/held.jsonl", "job.json", "logs/prepare.log"}
		changed := maps.Clone(original)
		name := names[int(file)%len(names)]
		changed[name] = &fstest.MapFile{Data: append(bytes.Clone(original[name].Data), tail...)}
		harmless := len(tail) == 0
		if fs.ValidPath(extra) && extra != "." && original[extra] == nil && free(original, extra) {
			changed[extra] = &fstest.MapFile{Data: content}
			harmless = harmless && (strings.HasPrefix(extra, "artifacts/") || len(content) == 0)
		}
		err := VerifyEvidence(changed, head)
		if harmless {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, ErrEvidence)
		}
	})
}

// free says whether a file of that name can be beside those in dir.
func free(dir fstest.MapFS, name string) bool {
	for other := range dir {
		if strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
			return false
		}
	}
	return true
}

// sealed is an attempt's evidence as files, and the digest that ends it.
func sealed(f *testing.F) (files fstest.MapFS, head string) {
	f.Helper()
	run, err := NewRun(f.TempDir(), "r")
	require.NoError(f, err)
	d, err := run.AttemptDir("nginx/001-x", 1)
	require.NoError(f, err)
	require.NoError(f, d.WriteSnapshot(facts.Snapshot{Host: "web1", Checkpoint: facts.Held}))
	require.NoError(f, d.WriteJob(rules.Job{Resolution: rules.Success}))
	log, err := d.Log("prepare")
	require.NoError(f, err)
	_, err = log.Write([]byte("done\n"))
	require.NoError(f, err)
	head, err = d.Seal()
	require.NoError(f, err)
	require.NoError(f, run.Close())
	dir := os.DirFS(d.Path)
	files = fstest.MapFS{}
	require.NoError(f, fs.WalkDir(dir, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	}))
	return files, head
}
