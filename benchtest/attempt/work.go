package attempt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// work hands the ticket to the engine and watches the machines while it works.
func (t *try) work(ctx context.Context) error {
	desk, err := t.openDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { t.note(desk.close()) }()
	limit := t.engineLimit()
	engineCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	w := t.assignment(desk, time.Now().Add(limit))
	stopSampling := t.sampleWork(ctx)
	job, err := t.Gateway.Dispatch(engineCtx, t.Engine, w)
	t.ended = time.Now()
	stopSampling()

	t.timedOut = errors.Is(engineCtx.Err(), context.DeadlineExceeded) && ctx.Err() == nil
	_, t.acted = desk.bastion.FirstAction()
	t.job = job
	desk.fill(&t.job)
	t.note(t.dir.WriteJob(t.job))
	return t.engineBroke(ctx, err)
}

// engineBroke says whether the attempt is errored on account of the engine's
// error: it never began, or the run was cut. Otherwise the machines are judged.
func (t *try) engineBroke(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case t.timedOut && t.cut:
		return fmt.Errorf("%w: the suite's deadline left the engine %s of its %s: run with -timeout 0",
			errCut, t.rec.Phases.Engine.Round(time.Second), t.limit.Engine)
	case err == nil || t.timedOut:
		return nil
	case !t.acted:
		return err
	}
	t.logf("engine: %v", err)
	t.job.Resolution = rules.HardFailure
	return nil
}

// engineLimit is the engine's own limit, cut to what the suite has left.
func (t *try) engineLimit() time.Duration {
	limit := t.limit.Engine
	if t.Deadline.IsZero() {
		return limit
	}
	left := time.Until(t.Deadline) - t.limit.Hold
	if left < limit {
		t.cut = true
		return max(left, 0)
	}
	return limit
}

// A desk is where an engine works: a directory of its own and the bastion,
// its only way to the machines.
type desk struct {
	dir       string
	bastion   *bastion.Bastion
	sandboxes map[string]providers.Runner
	closers   []func() error

	mu     sync.Mutex
	traced []rules.Command
}

func (t *try) openDesk(ctx context.Context) (*desk, error) {
	root, err := os.MkdirTemp("", "benchtest-")
	if err != nil {
		return nil, fmt.Errorf("make the engine's directory: %w", err)
	}
	d := &desk{dir: root + "/work", sandboxes: map[string]providers.Runner{}}
	d.closers = append(d.closers, func() error { return os.RemoveAll(root) })
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make the engine's directory: %w", err), d.close())
	}
	upstreams := map[string]bastion.Upstream{}
	for _, h := range t.hosts {
		upstreams[h.name] = bastion.Upstream{Machine: h.clone.Machine, Access: h.clone.Access("agent")}
	}
	log, err := t.dir.Log("bastion")
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.bastion, err = bastion.Start(ctx, bastion.Config{Dir: root + "/ssh", Hosts: upstreams, Binary: t.Binary, Log: log})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start bastion: %w", err), d.close())
	}
	d.closers = append(d.closers, d.bastion.Close)
	for _, h := range t.hosts {
		sb := providers.NewSandbox(d.bastion.Machine(h.name), h.name, d.bastion.Access(), providers.SandboxOptions{})
		d.closers = append(d.closers, sb.Close)
		d.sandboxes[h.name] = sb
	}
	return d, nil
}

// close undoes openDesk, last things first.
func (d *desk) close() error {
	var errs []error
	for _, undo := range slices.Backward(d.closers) {
		errs = append(errs, undo())
	}
	d.closers = nil
	return errors.Join(errs...)
}

// assignment is what the engine is given.
func (t *try) assignment(d *desk, deadline time.Time) engines.Work {
	title, body := t.sc.Ticket(time.Now())
	w := engines.Work{
		Ticket:     engines.Ticket{Title: title, Body: body},
		RunID:      t.Record.ID,
		Attempt:    t.id,
		Deadline:   deadline,
		Agents:     t.agents(),
		SSHConfig:  d.bastion.SSHConfigPath(),
		Dir:        d.dir,
		Sandboxes:  d.sandboxes,
		Transcript: t.dir.Transcript(),
		Log:        t.book.log,
		Observe:    d.observe,
	}
	for _, h := range t.hosts {
		w.Hosts = append(w.Hosts, h.name)
	}
	// Nobody but the oracle sees the reference fix.
	if _, shown := t.Engine.(engines.Oracle); shown {
		w.Solution, w.Solve = t.sc.FS, t.sc.Scripts.Solve
	}
	return w
}

// agents are the scenario's, with the run's specialty where it has one.
func (t *try) agents() []scenario.Agent {
	agents := append([]scenario.Agent(nil), t.sc.Agents...)
	for i := range agents {
		if t.Specialty != "" {
			agents[i].SpecialtyKey = t.Specialty
		}
	}
	return agents
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
			observed = append(observed, rules.Command{Argv: r.Argv, ExitStatus: r.ExitStatus, At: r.Started, Host: r.Host, Evidence: rules.Observed})
		}
	}
	engines.FillTasks(j, observed)
}

// sampleEvery is how often the machines are watched while the engine works.
const sampleEvery = time.Second

// sampleWork samples the state rules' facts until the returned func is called.
func (t *try) sampleWork(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(done)
		for sleep(ctx, sampleEvery) {
			_ = t.each(func(h *host) error {
				s := t.snapshot(ctx, h, facts.Sample, 0, false)
				if ctx.Err() == nil {
					s.Since = time.Since(start)
					h.work = append(h.work, s)
				}
				return nil
			})
		}
	}()
	return func() {
		cancel()
		<-done
		for _, h := range t.hosts {
			for i := range h.work {
				// Negative: before the engine ended.
				h.work[i].Since -= t.ended.Sub(start)
				t.note(t.dir.WriteSnapshot(h.work[i]))
			}
		}
	}
}
