// Package scenario loads, lints and generates scenarios. It is pure: it reads
// an fs.FS and returns values; it runs nothing.
package scenario

import (
	"io/fs"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A Scenario is one directory, loaded and checked.
type Scenario struct {
	Key         string // group/NNN-name as written, or the path
	Group, Name string // the Go subtest: Test_GROUP/NAME
	Dir         string // slash-separated, below the root; also valid in FS
	File        string // scenario.yaml or scenario.json, below the root

	Title, Description      string
	TicketTitle, TicketBody string
	Tags                    []string
	Hosts                   []Host
	Agents                  []Agent
	Timeouts                Timeouts
	Expect                  Expect
	Network                 string // "none" (default) or "open"
	State                   []rules.State
	Compliance              []rules.Compliance
	AllowedAgents           []string // from the older 2501 fields
	AllowedHosts            []string
	// IntegrityOff is the reason why state/integrity is switched off; empty: it is on.
	IntegrityOff string

	Scripts Scripts
	// Groups maps a group of the inventory file, where there is one, to those
	// of its hosts that the scenario has.
	Groups map[string][]string
	FS     fs.FS  // rooted at the scenario's own directory
	Digest string // over every file of the directory

	files    []string         // all of them, sorted, slash-separated, in FS
	places   map[string]place // of the fields that lint talks about
	subjects []string         // every text of the state rules
}

// place is that of the first name that the file has, or 1:1.
func (s *Scenario) place(names ...string) place {
	for _, name := range names {
		if p, ok := s.places[name]; ok {
			return p
		}
	}
	return place{1, 1}
}

// Expect is the right end of a scenario.
type Expect string

// The values of `expect:`.
const (
	ExpectFixed    Expect = "fixed"
	ExpectNoAction Expect = "no_action"
)

// A Host is one machine of a scenario.
type Host struct {
	HostName, HostID, Template string
}

// An Agent is whom the ticket is for.
type Agent struct {
	AgentID, AgentName, HostName, HostID, SpecialtyKey string
}

// Timeouts are the limits of one attempt; zero means the suite's default.
type Timeouts struct {
	Ready, Prepare, Engine, Hold, Release time.Duration
}

// Scripts names the files of each step that exist, in the scenario's FS.
type Scripts struct {
	Prepare, Restore, Validate, Solve Step
}

// A Step is how one step is done: a playbook, or shell for every host and
// shell for single hosts. The zero value means that there is nothing to do.
type Step struct {
	Playbook string            // "prepare.yml" or empty
	Shell    string            // "prepare.sh" or empty
	PerHost  map[string]string // host_name → "prepare.web1.sh"
}

// None reports that the step has no file.
func (s Step) None() bool { return s.Playbook == "" && s.Shell == "" && len(s.PerHost) == 0 }

// For names the shell file that runs on host; empty means none.
func (s Step) For(host string) string {
	if f := s.PerHost[host]; f != "" {
		return f
	}
	return s.Shell
}
