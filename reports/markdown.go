package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// maxMarkdown is what GitHub takes of one step's summary, in bytes; more of it
// than that shows nothing at all.
const maxMarkdown = 1 << 20

// WriteMarkdown writes the run as Markdown for a CI server's page: how many
// passed, how well that is known, a table of the scenarios and what did not pass.
// It is at most 1 MiB and says where it was cut. What guests printed is text: it
// makes no link, image, tag or mention.
func WriteMarkdown(w io.Writer, attempts []Attempt, info RunInfo) error {
	scenarios := Tallies(attempts)
	e := stats.OfSuite(scenarios, stats.Confidence, StatsSeed)
	m := &markdown{}
	m.line("## %s\n", escapeMarkdown(markdownTitle(e, info)))
	for _, l := range RateLines(scenarios, e) {
		m.line("%s  ", escapeMarkdown(l))
	}
	if info.GateVerdict != nil {
		m.line("\n**%s**", escapeMarkdown(info.GateVerdict.String()))
	}
	m.line("\nRun %s, provider %s, engine %s", code(info.RunID), code(info.Provider), code(info.Engine))
	m.scenarios(scenarios)
	m.notPassed(attempts)
	if m.left > 0 {
		m.note("\n%d more lines: see the run's record\n", m.left)
	}
	if _, err := w.Write(m.Bytes()); err != nil {
		return fmt.Errorf("write markdown: %w", err)
	}
	return nil
}

func markdownTitle(e stats.Estimate, info RunInfo) string {
	if e.Attempted == 0 {
		return "benchtest: nothing was attempted"
	}
	verdict := "benchtest"
	if v := info.GateVerdict; v != nil {
		verdict = map[bool]string{true: "benchtest failed", false: "benchtest passed"}[v.Failed]
	}
	return verdict + ": " + e.Tally.String()
}

// markdown collects whole lines up to maxMarkdown.
type markdown struct {
	bytes.Buffer
	left int // lines that found no room
}

// room is kept for the line that says what was left out.
const room = 200

func (m *markdown) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...) + "\n"
	if m.left > 0 || m.Len()+len(text) > maxMarkdown-room {
		m.left++
		return
	}
	m.WriteString(text)
}

func (m *markdown) note(format string, args ...any) { _, _ = fmt.Fprintf(m, format, args...) } // a Buffer takes all

func (m *markdown) scenarios(list []stats.Scenario) {
	if len(list) == 0 {
		return
	}
	m.line("\n| scenario | passed | scored | attempted | 95 %% interval |\n|---|--:|--:|--:|---|")
	for _, s := range list {
		i := stats.Wilson(s.Passed, s.Scored, stats.Confidence)
		m.line("| %s | %d | %d | %d | %s to %s |", escapeMarkdown(s.Key), s.Passed, s.Scored, s.Attempted, percent(i.Low), percent(i.High))
	}
}

func (m *markdown) notPassed(attempts []Attempt) {
	head := "\n<details><summary>not passed</summary>\n"
	end := ""
	for _, a := range attempts {
		if a.Outcome == rules.Passed || a.Outcome == rules.Skipped {
			continue
		}
		if head != "" {
			m.line("%s", head)
			if m.left == 0 {
				end = "\n</details>"
			}
			head = ""
		}
		m.line("- **%s** %s i%d: %s", escapeMarkdown(string(a.Outcome)), escapeMarkdown(a.Key), a.Iteration, escapeMarkdown(clip(Headline(a), maxJUnitMessage)))
	}
	if end != "" {
		m.note("%s\n", end) // also where there was no room: what is open is closed
	}
}

// markdownSpecial are the characters that mean something in GitHub's Markdown,
// or begin a mention or a link there.
const markdownSpecial = "\\`*_{}[]()<>#+-.!|~@:&$=^/"

// escapeMarkdown makes s text of one line that means nothing to Markdown.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range oneLine(s) {
		switch {
		case strings.ContainsRune("<>&@", r):
			fmt.Fprintf(&b, "&#%d;", r) // a backslash before them is no escape everywhere
		case strings.ContainsRune(markdownSpecial, r) && !strings.ContainsRune("-./=+:", r):
			b.WriteString("\\" + string(r))
		case r == ':':
			b.WriteString("&#58;") // no address becomes a link, and no word an emoji
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;") // or it is a link
}

// code is s as a piece of code; what would end it becomes something like it.
func code(s string) string {
	if s == "" {
		return "-"
	}
	return "`" + strings.ReplaceAll(oneLine(s), "`", "'") + "`"
}
