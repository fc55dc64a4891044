package attempt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/reports"
)

// work hands the ticket to the engine and watches the machines while it works.
func (t *try) work(ctx context.Context) error {
	desk, err := t.desk.laid()
	if err != nil {
		return err
	}
	defer func() { t.note(desk.close()) }()
	for _, h := range t.hosts {
		if err := desk.bastion.Attach(h.name, bastion.Upstream{Machine: h.clone.Machine, Access: h.clone.Access("agent")}); err != nil {
			return err
		}
	}
	limit := t.engineLimit()
	engineCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	w := t.assignment(desk, time.Now().Add(limit))
	t.began = time.Now()
	stopSampling := t.sampleWork(ctx)
	job, err := t.dispatch(engineCtx, w)
	t.ended = time.Now()
	stopSampling()

	t.timedOut = errors.Is(engineCtx.Err(), context.DeadlineExceeded) && ctx.Err() == nil
	_, t.acted = desk.bastion.FirstAction()
	t.job = job
	t.note(desk.bastion.Close()) // its records are final only then
	desk.fill(&t.job)
	t.keepTerminals(desk.bastion.Commands())
	t.note(t.dir.WriteJob(t.job))
	return t.engineBroke(ctx, err, limit)
}

// dispatch lets the engine work. It survives one that panics, and goes on
// without one that does not return when its time is up.
func (t *try) dispatch(ctx context.Context, w engines.Work) (rules.Job, error) {
	type end struct {
		job rules.Job
		err error
	}
	done := make(chan end, 1)
	go func() {
		var e end
		defer func() {
			if p := recover(); p != nil {
				e.err = fmt.Errorf("engine %s panicked: %v", t.Engine.Name(), p)
				t.logf("%v\n%s", e.err, debug.Stack())
			}
			done <- e
		}()
		e.job, e.err = t.Gateway.Dispatch(ctx, t.Engine, w)
	}()
	select {
	case e := <-done:
		return e.job, e.err
	case <-ctx.Done():
	}
	grace := cmp.Or(t.EngineGrace, DefaultEngineGrace)
	select {
	case e := <-done:
		return e.job, e.err
	case <-time.After(grace):
		return rules.Job{Resolution: rules.HardFailure}, fmt.Errorf("engine %s did not return within %s of its deadline", t.Engine.Name(), grace)
	}
}

// engineBroke says whether the attempt is errored on account of the engine's
// error: it never began, or the run was cut. Otherwise the machines are judged.
func (t *try) engineBroke(ctx context.Context, err error, limit time.Duration) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case t.timedOut && t.cut:
		return fmt.Errorf("%w: the suite's deadline left the engine %s of its %s: run with -timeout 0",
			errCut, limit.Round(time.Second), t.limit.Engine)
	case err == nil || t.timedOut:
		return nil
	case !t.acted:
		return err
	}
	t.logf("engine: %v", err)
	t.job.Resolution = rules.HardFailure
	return nil
}

// judgingTime is kept of the suite's time for what follows the hold window.
const judgingTime = 3 * time.Second

// engineLimit is the engine's own limit, cut to what the suite has left.
func (t *try) engineLimit() time.Duration {
	limit := t.limit.Engine
	if t.Deadline.IsZero() {
		return limit
	}
	window, _ := rules.Window(t.sc.State)
	left := time.Until(t.Deadline) - window - judgingTime
	if left < limit {
		t.cut = true
		return max(left, 0)
	}
	return limit
}

// assignment is what the engine is given.
func (t *try) assignment(d *desk, deadline time.Time) engines.Work {
	title, body := t.sc.Ticket(time.Now())
	t.rec.Ticket = reports.Ticket{Title: title, Body: body}
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
		Cell:       d.cell,
		Isolated:   t.isolated,
	}
	if t.TraceContext != nil {
		w.TraceParent, w.TraceState = t.TraceContext(t.sc.Key, t.spec.Iteration)
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

// isolated notes what confines the engine on the driver.
func (t *try) isolated(by string) {
	t.rec.EngineIsolation = by
	t.logf("engine isolation: %s", by)
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
