package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxPrepare() command {
	return command{
		name: "sandbox prepare", args: "[KEY...]", summary: "Make the machines of scenarios and break them, up to where an engine would begin",
		flags: func(fs *flag.FlagSet) runFunc {
			var words list
			scenariosFlag(fs, &words)
			mode, dir, runner := modeFlag(fs), dirFlag(fs), declareRunnerFlags(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if err := runner.apply(e); err != nil {
					return err
				}
				return e.prepareAll(ctx, append(words, args...), *mode, *dir)
			}
		},
	}
}

func scenariosFlag(fs *flag.FlagSet, words *list) {
	fs.Var(words, "scenarios", "`keys or tags`, comma-separated")
	fs.Var(words, "s", "the same as --scenarios")
}

func (e *env) prepareAll(ctx context.Context, words list, mode, dir string) error {
	if len(words) == 0 {
		return usagef("want a scenario: -s KEY, as benchtest list shows them")
	}
	abs, err := folderOf(dir)
	if err != nil {
		return err
	}
	f, err := loaded([]string{abs})
	if err != nil {
		return err
	}
	defer f.close()
	chosen, err := scenario.Select(f.all, words.String())
	if err != nil {
		return usageError{err}
	}
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	for _, sc := range chosen {
		s := &scene{env: e, keeper: k, folder: abs, mode: mode, sc: sc}
		if err := s.prepare(ctx); err != nil {
			return fmt.Errorf("%s: %w", sc.Key, err)
		}
	}
	return nil
}

// A scene is one scenario that somebody steps into.
type scene struct {
	env    *env
	keeper *sandboxes.Keeper
	folder string
	mode   string
	sc     *scenario.Scenario

	provider providers.Provider
	held     []*sandboxes.Held // in the order of the scenario's hosts
	wire     string            // the lease of their network; empty: none
}

// prepare makes the scene's machines and hands them over, broken.
func (s *scene) prepare(ctx context.Context) (err error) {
	for _, h := range s.sc.Hosts {
		if err := free(s.keeper, sandboxes.PreparedName(s.sc.Key, h.HostName)); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.discard(ctx))
		}
	}()
	if err := s.make(ctx); err != nil {
		return err
	}
	broken := s.play(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := s.handOver(); err != nil {
		return err
	}
	s.report(broken)
	s.held, s.wire = nil, ""
	return nil
}

// handOver makes all that was made lasting. Until then a kill leaves what purge
// removes; the network comes first, since machines that last need theirs.
func (s *scene) handOver() error {
	if s.wire != "" {
		if _, err := s.keeper.Journal.Update(s.wire, func(l *fixtures.Lease) { l.Kept = true }); err != nil {
			return err
		}
	}
	for _, h := range s.held {
		if err := h.HandOver(); err != nil {
			return err
		}
	}
	if s.wire != "" {
		s.keeper.Journal.Yield(s.wire)
	}
	return nil
}

// make makes all machines at once, and their network.
func (s *scene) make(ctx context.Context) error {
	if err := s.reserveWire(); err != nil {
		return err
	}
	wants, err := s.wants(ctx)
	if err != nil {
		return err
	}
	s.env.printf(s.env.stderr, "making %d of %s on %s\n", len(wants), s.sc.Key, s.mode)
	held, errs := make([]*sandboxes.Held, len(wants)), make([]error, len(wants))
	var work sync.WaitGroup
	for i, w := range wants {
		work.Go(func() { held[i], errs[i] = s.keeper.Make(ctx, w) })
	}
	work.Wait()
	for _, h := range held {
		if h != nil {
			s.held = append(s.held, h)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.connect(ctx)
}

// wants is a sandbox for each host of the scenario, its template built.
func (s *scene) wants(ctx context.Context) ([]sandboxes.Want, error) {
	var wants []sandboxes.Want
	for _, h := range s.sc.Hosts {
		var t providers.Template
		if _, lends := s.provider.(providers.Lender); h.Template != "" && !lends {
			var err error
			if t, err = s.env.built(ctx, s.mode, s.folder, h.Template); err != nil {
				return nil, err
			}
		}
		wants = append(wants, sandboxes.Want{Template: t, Record: sandboxes.Record{
			Name: sandboxes.PreparedName(s.sc.Key, h.HostName), Kind: sandboxes.Prepared, Provider: s.mode,
			HostName: h.HostName, HostID: h.HostID, Folder: s.folder, Scenario: s.sc.Key,
			Network: providers.Network(s.sc.Network), Wire: s.wire,
		}})
	}
	return wants, nil
}

// reserveWire opens the provider, and journals the network of several hosts before it exists.
func (s *scene) reserveWire() error {
	var err error
	if s.provider, err = s.keeper.Open(s.mode); err != nil || len(s.sc.Hosts) < 2 {
		return err
	}
	if _, ok := s.provider.(providers.Networker); !ok {
		return fmt.Errorf("provider %s cannot connect the %d hosts of this scenario", s.mode, len(s.sc.Hosts))
	}
	l, err := s.keeper.Journal.Create(fixtures.Lease{
		ID: fixtures.NewID("", "net"), Kind: fixtures.LeaseNetwork, Provider: s.mode, Attempt: "sandbox/" + s.sc.Key,
	})
	s.wire = l.ID
	return err
}

func (s *scene) connect(ctx context.Context) error {
	if s.wire == "" {
		return nil
	}
	n := s.held[0].Provider().(providers.Networker) // reserveWire has asked
	machines := map[string]providers.Machine{}
	for _, h := range s.held {
		machines[h.Record.HostName] = h.Machine
	}
	return n.Connect(ctx, s.wire, machines)
}

// play runs the scenario's own steps. What it returns is for people to know:
// the machines are handed over all the same, since that is how one finds out.
func (s *scene) play(ctx context.Context) error {
	stage, done, err := s.stage()
	if err != nil {
		return err
	}
	if err = stage.Restore(ctx); err == nil {
		err = stage.Prepare(ctx)
	}
	return errors.Join(err, done())
}

// stage is where the steps run; done clears it away.
func (s *scene) stage() (stage attempt.Stage, done func() error, err error) {
	binary, err := os.Executable()
	if err != nil {
		return attempt.Stage{}, nil, err
	}
	scratch, err := fixtures.NewScratch(s.keeper.Journal, "")
	if err != nil {
		return attempt.Stage{}, nil, err
	}
	st := attempt.Stage{Scenario: s.sc, Hosts: map[string]attempt.StageHost{}, Binary: binary, Scratch: scratch.Dir, Log: s.env.stderr}
	for _, h := range s.held {
		st.Hosts[h.Record.HostName] = attempt.StageHost{Machine: h.Machine, Keys: h.Keys}
	}
	return st, scratch.Close, nil
}

// discard removes what was made, network last.
func (s *scene) discard(ctx context.Context) error {
	var errs []error
	for _, h := range s.held {
		errs = append(errs, h.Discard(ctx))
	}
	if s.wire != "" {
		errs = append(errs, s.env.unwire(ctx, s.keeper, s.mode, s.wire))
	}
	return errors.Join(errs...)
}

func (s *scene) report(broken error) {
	e := s.env
	if broken != nil {
		e.printf(e.stderr, "warning: prepare failed, and the machines are handed over as they are: %v\n", broken)
	}
	e.printf(e.stdout, "Prepared:     %s on %s\nTicket:       %s\n", s.sc.Key, s.mode, s.sc.TicketTitle)
	for _, h := range s.held {
		e.printf(e.stdout, "Target ready: %s (%s)\n", h.Record.Name, h.Record.Template)
		e.printWays(h.Record.Name)
	}
	e.printf(e.stdout, "Restore:      benchtest sandbox restore -s %s\n", s.sc.Key)
}
