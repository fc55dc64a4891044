package reports

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// maxTail bounds how much of a transcript a JUnit file shows, in bytes.
const maxTail = 8 << 10

// transcriptName is the engine's transcript, below an attempt's directory.
const transcriptName = "transcript/engine.log"

// AddTails reads the end of each transcript of a run in dir into its attempt,
// for reports; of attempts that passed, none. What is not there has no tail.
func AddTails(dir string, attempts []Attempt) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open run: %w", err)
	}
	defer root.Close()
	var errs []error
	for i := range attempts {
		a := &attempts[i]
		if a.Dir == "" || !a.Outcome.Scored() || a.Outcome == rules.Passed {
			continue
		}
		var err error
		if a.Tail, err = tail(root, path.Join(a.Dir, transcriptName)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("read transcript: %w", err))
		}
	}
	return errors.Join(errs...)
}

// tail is the last maxTail bytes of a file.
func tail(root *os.Root, name string) (string, error) {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	from := max(0, info.Size()-maxTail)
	text, err := io.ReadAll(io.NewSectionReader(f, from, maxTail))
	if from > 0 {
		text = append([]byte(fmt.Sprintf("[the last %d of %d bytes]\n", maxTail, info.Size())), text...)
	}
	return string(text), err
}

// caseOutput is every rule with its status, where the rest can be read, and how
// the transcript ends. A record whose place is known is attached by path, as
// GitLab and the attachments plugin of Jenkins read it: on a line of its own.
func caseOutput(a Attempt, dir string) string {
	var b strings.Builder
	for _, r := range a.Results {
		status := string(r.Status)
		if !r.Required {
			status += " (informational)"
		}
		fmt.Fprintf(&b, "\n%s: %s", ruleTitle(r), status)
	}
	for _, r := range a.Retries {
		fmt.Fprintf(&b, "\nretried: %s", r)
	}
	if a.Dir != "" {
		fmt.Fprintf(&b, "\nrecord: %s", a.Dir)
		if dir != "" {
			for _, name := range []string{transcriptName, jobName} {
				fmt.Fprintf(&b, "\n[[ATTACHMENT|%s]]", filepath.Join(dir, filepath.FromSlash(a.Dir), filepath.FromSlash(name)))
			}
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	if a.Tail != "" {
		// What a guest printed must not become an attachment of ours.
		fmt.Fprintf(&b, "\ntranscript:\n%s\n", strings.ReplaceAll(a.Tail, "[[", "[ ["))
	}
	return b.String()
}
