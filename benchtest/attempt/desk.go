package attempt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// A desk is where an engine works: a directory of its own and the bastion,
// its only way to the machines.
type desk struct {
	dir       string
	cell      *isolate.Cell // nil: the engine starts no program
	bastion   *bastion.Bastion
	sandboxes map[string]providers.Runner
	closers   []func() error

	mu     sync.Mutex
	traced []rules.Command
}

func (t *try) openDesk(ctx context.Context) (*desk, error) {
	root, err := os.MkdirTemp(t.Scratch, "try-")
	if err != nil {
		return nil, fmt.Errorf("make the engine's directory: %w", err)
	}
	d := &desk{dir: root + "/work", sandboxes: map[string]providers.Runner{}}
	d.closers = append(d.closers, func() error { t.sweeper.remove(root); return nil })
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make the engine's directory: %w", err), d.close())
	}
	if d.cell, err = t.openCell(ctx, d.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("isolate the engine: %w", err), d.close())
	}
	d.closers = append(d.closers, d.cell.Close)
	if err := t.openBastion(ctx, d, root+"/ssh"); err != nil {
		return nil, errors.Join(err, d.close())
	}
	for _, h := range t.hosts {
		sb := providers.NewSandbox(d.bastion.Machine(h.name), h.name, d.bastion.Access(), providers.SandboxOptions{})
		d.closers = append(d.closers, sb.Close)
		d.sandboxes[h.name] = sb
	}
	return d, nil
}

// openBastion starts the bastion, for whoever the engine's program runs as.
func (t *try) openBastion(ctx context.Context, d *desk, dir string) error {
	hosts := map[string]bastion.Upstream{}
	for _, h := range t.hosts {
		hosts[h.name] = bastion.Upstream{} // attached when the engine comes
	}
	var err error
	d.bastion, err = bastion.Start(ctx, bastion.Config{Dir: dir, Hosts: hosts, Binary: t.Binary, Log: t.book.bastion, Owner: owner(d.cell)})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.bastion.Close)
	d.cell.Show(filepath.Dir(d.bastion.SSHConfigPath()), filepath.Dir(d.bastion.Socket()))
	return nil
}

// close undoes openDesk, last things first. Its files go in their own time:
// nobody works there any more.
func (d *desk) close() error {
	var errs []error
	for _, undo := range slices.Backward(d.closers) {
		errs = append(errs, undo())
	}
	d.closers = nil
	return errors.Join(errs...)
}

func (d *desk) observe(c rules.Command) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.Evidence = rules.Observed
	d.traced = append(d.traced, c)
}

// fill puts what was observed into the job record. Where the engine traced
// its commands those are the finer record; otherwise the bastion's are.
func (d *desk) fill(j *rules.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	observed := d.traced
	if len(observed) == 0 {
		for _, r := range d.bastion.Commands() {
			for _, argv := range r.Ran() {
				observed = append(observed, rules.Command{Argv: argv, ExitStatus: r.ExitStatus, At: r.Started, Host: r.Host, Evidence: rules.Observed})
			}
		}
	}
	engines.FillTasks(j, observed)
}

// keepTerminals copies the recorded terminal streams (asciicast) into the
// evidence; where the bastion wrote them is removed with the desk.
func (t *try) keepTerminals(records []bastion.Record) {
	for _, r := range records {
		if r.Terminal == "" {
			continue
		}
		t.note(t.keepTerminal(fmt.Sprintf("terminal-%04d", r.Seq), r.Terminal))
	}
}

func (t *try) keepTerminal(name, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("keep terminal stream: %w", err)
	}
	defer from.Close()
	to, err := t.dir.Log(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
