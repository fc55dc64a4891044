//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func cron(ctx context.Context, s *session, q facts.Query) (finding, error) {
	switch {
	case q.Subject == "":
		return finding{}, errors.New(`cron: want a user, "system" or a path`)
	case q.Subject == "system":
		return s.systemCron(ctx)
	case strings.HasPrefix(q.Subject, "/"):
		return s.crontabs(ctx, q.Subject)
	case strings.Contains(q.Subject, "/"):
		return finding{}, fmt.Errorf("cron %q: want a user, \"system\" or an absolute path", q.Subject)
	}
	return s.crontabs(ctx, "/var/spool/cron/crontabs/"+q.Subject, "/var/spool/cron/"+q.Subject)
}

// systemCron is what the machine itself has scheduled.
func (s *session) systemCron(ctx context.Context) (finding, error) {
	files := []string{"/etc/crontab"}
	names, err := s.env.Root.ReadDir("/etc/cron.d")
	if err != nil && !notThere(err) {
		return finding{}, fmt.Errorf("list crontabs: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		// cron itself passes over names with a dot: leftovers of the packager.
		if !strings.Contains(name, ".") {
			files = append(files, "/etc/cron.d/"+name)
		}
	}
	found, err := s.crontabs(ctx, files...)
	if err != nil {
		return finding{}, err
	}
	timers, err := s.timers(ctx)
	if err != nil {
		found.raw += "no timers: " + err.Error()
	}
	found.attrs["entries"] = append(found.attrs["entries"].([]string), timers...)
	return found, nil
}

// crontabs reads the entries of some files; one that is not there has none.
func (s *session) crontabs(ctx context.Context, files ...string) (finding, error) {
	entries := []string{}
	var raw strings.Builder
	for _, name := range files {
		b, err := s.env.Root.ReadFile(ctx, name, 4<<20)
		if notThere(err) || errors.Is(err, errNotRegular) {
			fmt.Fprintf(&raw, "%v\n", err)
			continue
		}
		if err != nil {
			return finding{}, err
		}
		fmt.Fprintf(&raw, "%s:\n%s", name, b)
		entries = append(entries, crontabEntries(string(b))...)
	}
	return finding{attrs: map[string]any{"entries": entries}, raw: raw.String()}, nil
}

// crontabEntries leaves out what schedules nothing: comments, blank lines and
// settings of variables.
func crontabEntries(text string) []string {
	var entries []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		// Like cron: to it any other white space is part of a word.
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		name, _, sets := strings.Cut(line, "=")
		if sets && !strings.ContainsAny(strings.TrimSpace(name), " \t*@") {
			continue
		}
		entries = append(entries, strings.Join(fields, " "))
	}
	return entries
}
