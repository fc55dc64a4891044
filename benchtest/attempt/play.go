package attempt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/benchtest-dev/benchtest/providers/ansible"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// A driverAccess is the driver's own way to the machines by command line, for
// Ansible: a bastion for root. It lives from the first playbook to the release.
type driverAccess struct {
	dir     string
	bastion *bastion.Bastion
}

func (a *driverAccess) close() error { return errors.Join(a.bastion.Close(), os.RemoveAll(a.dir)) }

// play runs a playbook as root against all hosts of the scenario.
func (t *try) play(ctx context.Context, k task) (scriptResult, error) {
	if err := t.openAccess(ctx); err != nil {
		return scriptResult{}, err
	}
	p := ansible.Play{
		Playbook: k.step.Playbook, Files: t.sc.FS, Groups: t.sc.Groups, SSHConfig: t.access.bastion.SSHConfigPath(),
		User: "root", Limit: k.limit, Log: t.book.log, Dir: t.access.dir,
	}
	for _, h := range t.hosts {
		p.Hosts = append(p.Hosts, h.name)
	}
	t.logf("%s on all hosts", k.step.Playbook)
	r, err := ansible.Run(ctx, p)
	if err != nil {
		return scriptResult{}, err
	}
	switch {
	case r.TimedOut:
		return scriptResult{}, fmt.Errorf("%s: not done after %s", k.step.Playbook, k.limit)
	case len(r.NoHosts) > 0:
		return scriptResult{}, fmt.Errorf("%s: hosts: %q matches no host of this scenario, so the play did nothing", k.step.Playbook, r.NoHosts[0])
	}
	output := string(r.Output)
	if failure := r.Failure(); failure != "" {
		// One line: a module's message may hold all that its program printed.
		output = strings.Join(strings.Fields(failure), " ")
	}
	return scriptResult{file: k.step.Playbook, host: "all hosts", exit: r.ExitCode, output: output}, nil
}

// openAccess starts the driver's bastion when it is first wanted.
func (t *try) openAccess(ctx context.Context) error {
	if t.access != nil {
		return nil
	}
	dir, err := os.MkdirTemp(t.Scratch, "try-")
	if err != nil {
		return fmt.Errorf("make a directory for Ansible: %w", err)
	}
	upstreams := map[string]bastion.Upstream{}
	for _, h := range t.hosts {
		upstreams[h.name] = bastion.Upstream{Machine: h.clone.Machine, Access: h.clone.Access("root")}
	}
	// It outlives the step that wants it first.
	b, err := bastion.Start(context.WithoutCancel(ctx), bastion.Config{Dir: dir + "/ssh", Hosts: upstreams, Binary: t.Binary, User: "root", Log: t.book.log})
	if err != nil {
		return errors.Join(fmt.Errorf("start the driver's bastion: %w", err), os.RemoveAll(dir))
	}
	t.access = &driverAccess{dir: dir, bastion: b}
	return nil
}
