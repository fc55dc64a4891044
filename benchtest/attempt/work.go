package attempt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
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
	t.note(desk.bastion.Close()) // its records are final only then
	desk.fill(&t.job)
	t.keepTerminals(desk.bastion.Commands())
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
		Cell:       d.cell,
		Isolated:   t.isolated,
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
