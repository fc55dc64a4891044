//go:build linux

package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/collect/journalfile"
)

// journal counts entries of a unit. It reads the journal's files itself: the
// machine's own journalctl could say anything.
func journal(ctx context.Context, s *session, q facts.Query) (finding, error) {
	pattern, err := param[string](q, "pattern")
	if err != nil {
		return finding{}, err
	}
	matcher, err := regexp.Compile(pattern)
	if err != nil {
		return finding{}, fmt.Errorf("parameter pattern: %w", err)
	}
	since, reached, err := s.since(q)
	if err != nil {
		return finding{}, err
	}
	if !reached {
		return finding{attrs: map[string]any{"count": 0}, raw: "the checkpoint has not been reached"}, nil
	}
	search := journalSearch{since: uint64(max(since.UnixMicro(), 0)), pattern: matcher, keep: s.maxBytes()}
	if q.Subject != "" && q.Subject != "*" {
		search.unit = unitName(q.Subject)
	}
	files, err := s.journalFiles()
	if err != nil {
		return finding{}, err
	}
	for _, name := range files {
		if err := s.searchJournal(ctx, name, &search); err != nil {
			return finding{}, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return finding{attrs: map[string]any{"count": search.count}, raw: search.raw.String()}, nil
}

// since reads the parameter since. False: a checkpoint that is still to come.
func (s *session) since(q facts.Query) (time.Time, bool, error) {
	switch v := q.Params["since"].(type) {
	case nil:
		return time.Unix(0, 0), true, nil
	case float64:
		return time.UnixMicro(int64(v * 1e6)), true, nil
	case string:
		switch c := facts.Checkpoint(v); c {
		case facts.Healthy, facts.Faulted, facts.After, facts.Held:
			at, reached := s.req.Times[c]
			return at, reached, nil
		}
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return time.UnixMicro(int64(n * 1e6)), true, nil
		}
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return time.Time{}, false, fmt.Errorf("parameter since: want a checkpoint, an RFC 3339 time or unix seconds, got %q", v)
		}
		return t, true, nil
	default:
		return time.Time{}, false, fmt.Errorf("parameter since: want a string, got %v", v)
	}
}

// journalFiles lists the files of all journals. None at all is an error: a
// machine that keeps no journal, or keeps it no more, cannot be asked.
func (s *session) journalFiles() ([]string, error) {
	var files []string
	for _, top := range []string{"/var/log/journal", "/run/log/journal"} {
		machines, err := s.env.Root.ReadDir(top)
		if err != nil && !notThere(err) {
			return nil, fmt.Errorf("list journals: %w", err)
		}
		for _, machine := range machines {
			names, err := s.env.Root.ReadDir(top + "/" + machine)
			if err != nil {
				continue // a file beside the directories
			}
			for _, name := range names {
				// A file that was not closed cleanly is set aside with a ~.
				if strings.HasSuffix(strings.TrimSuffix(name, "~"), ".journal") {
					files = append(files, top+"/"+machine+"/"+name)
				}
			}
		}
	}
	if len(files) == 0 {
		return nil, errors.New("list journals: no journal file below /var/log/journal or /run/log/journal")
	}
	slices.Sort(files)
	return files, nil
}

func (s *session) searchJournal(ctx context.Context, name string, search *journalSearch) error {
	f, err := s.env.Root.Open(name)
	if notThere(err) {
		return nil // rotated away since it was listed
	}
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := journalfile.Open(f, search.since)
	if err != nil {
		return err
	}
	for entry, err := range file.Entries(search.since) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = search.look(entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A journalSearch is what is looked for, and what was found so far.
type journalSearch struct {
	unit    string // empty: any
	since   uint64
	pattern *regexp.Regexp
	keep    int

	count int
	raw   strings.Builder
}

// look counts the entry if it is about the unit and its message matches.
// Fields that begin with an underscore are journald's own word; what it, or
// systemd as process 1, says about a unit counts as well.
func (s *journalSearch) look(e journalfile.Entry) error {
	var message []byte
	var from, about, manager bool
	for field, err := range e.Fields() {
		if err != nil {
			return err
		}
		name, value, _ := bytes.Cut(field, []byte("="))
		switch string(name) {
		case "MESSAGE":
			message = value
		case "_SYSTEMD_UNIT":
			from = string(value) == s.unit
		case "UNIT":
			about = string(value) == s.unit
		case "_PID":
			manager = string(value) == "1"
		}
	}
	ours := s.unit == "" || from || about && manager
	if !ours || !s.pattern.Match(message) {
		return nil
	}
	s.count++
	if s.raw.Len() <= s.keep {
		fmt.Fprintf(&s.raw, "%s %s\n", time.UnixMicro(int64(e.Realtime)).UTC().Format(facts.TimeLayout), message)
	}
	return nil
}
