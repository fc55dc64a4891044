package ansible

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A Play is one run of a playbook. Playbook, Files, Hosts, SSHConfig and User
// must be set.
type Play struct {
	// Playbook is the playbook's path in Files.
	Playbook string
	// Files is copied to where the playbook runs: roles, templates, files/. One
	// that comes from os.Root.FS lets nothing outside its directory in.
	Files fs.FS
	// Dir is where the run's own directory is made, for as long as it takes;
	// empty: the system's directory for temporary files.
	Dir string
	// Hosts are the names of the inventory, each a Host of SSHConfig.
	Hosts []string
	// Groups maps further groups of the inventory to hosts.
	Groups map[string][]string
	// SSHConfig is the path of an OpenSSH client configuration.
	SSHConfig string
	// User logs in on every host, whatever the playbook says: "root" or "agent".
	User string
	// ExtraVars win over every other variable. They are not on a command line.
	ExtraVars map[string]any
	// Env is added to a fixed, minimal environment ("NAME=value").
	Env []string
	// Start starts ansible-playbook, for a caller who keeps together what he
	// starts; nil: its Start method.
	Start func(*exec.Cmd) error
	// Limit ends the whole run; zero means no limit but the context's.
	Limit time.Duration
	// Log, where set, takes what ansible-playbook prints as it comes.
	Log io.Writer
	// MaxOutput bounds Report.Output, and Log eight times as wide, in bytes;
	// zero means 1 MiB.
	MaxOutput int
}

// A Report is how a playbook ended.
type Report struct {
	// ExitCode is ansible-playbook's: 0 well, 2 a task failed, 4 a host was not
	// reached or the playbook could not be read, 5 bad options; -1 when a signal
	// or the limit ended it.
	ExitCode int
	TimedOut bool // the limit ended it
	// Complete says that every play ran to its end. Without it the playbook
	// itself was at fault, or the run was cut.
	Complete bool
	// NoHosts holds the patterns of plays that matched no host of the inventory
	// and therefore did nothing.
	NoHosts []string
	Hosts   map[string]Stats
	Tasks   []TaskResult // in the order in which they ended
	// Output is the end of what was printed; Truncated says that its begin is
	// missing.
	Output    []byte
	Truncated bool
	Duration  time.Duration
}

// Stats counts one host's tasks.
type Stats struct {
	OK          int `json:"ok"`
	Changed     int `json:"changed"`
	Unreachable int `json:"unreachable"`
	Failures    int `json:"failures"`
	Skipped     int `json:"skipped"`
	Rescued     int `json:"rescued"`
	Ignored     int `json:"ignored"`
}

// Failure is the first task that failed and was not forgiven, for a message;
// empty when there is none.
func (r Report) Failure() string {
	i := slices.IndexFunc(r.Tasks, func(t TaskResult) bool { return (t.Failed || t.Unreachable) && !t.Ignored })
	if i < 0 {
		return ""
	}
	t := r.Tasks[i]
	return fmt.Sprintf("%s on %s: %s", cmp.Or(t.Task, t.Module), t.Host, t.Msg)
}

func (p Play) check() error {
	var errs []error
	for what, missing := range map[string]bool{
		"playbook": p.Playbook == "", "files": p.Files == nil, "hosts": len(p.Hosts) == 0,
		"ssh configuration": p.SSHConfig == "", "user": p.User == "",
	} {
		if missing {
			errs = append(errs, fmt.Errorf("no %s given", what))
		}
	}
	if p.Playbook != "" && !fs.ValidPath(p.Playbook) || strings.HasPrefix(p.Playbook, "-") {
		errs = append(errs, fmt.Errorf("playbook %q is not a path in the scenario", p.Playbook))
	}
	for group, hosts := range p.Groups {
		for _, h := range hosts {
			if !slices.Contains(p.Hosts, h) {
				errs = append(errs, fmt.Errorf("group %s: no host %q", group, h))
			}
		}
	}
	return errors.Join(errs...)
}
