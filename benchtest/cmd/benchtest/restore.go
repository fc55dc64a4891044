package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxRestore() command {
	return command{
		name: "sandbox restore", args: "[KEY...]", summary: "End what sandbox prepare began: machines go, and hosts of an inventory are restored",
		flags: func(fs *flag.FlagSet) runFunc {
			var words list
			scenariosFlag(fs, &words)
			mode, dir, runner := onlyMode(fs), dirFlag(fs), declareRunnerFlags(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if err := runner.apply(e); err != nil {
					return err
				}
				return e.restoreAll(ctx, append(words, args...), *mode, *dir)
			}
		},
	}
}

func (e *env) restoreAll(ctx context.Context, words list, mode, dir string) error {
	if len(words) == 0 {
		return usagef("want a scenario: -s KEY, as benchtest sandbox list shows them")
	}
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	all, err := k.Store.List()
	if err != nil {
		return err
	}
	keys, err := preparedKeys(all, words, mode, dir)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := e.restoreScene(ctx, k, all, key, mode); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// preparedKeys are the scenarios that words name and that somebody prepared.
func preparedKeys(all []sandboxes.Record, words list, mode, dir string) ([]string, error) {
	prepared := slices.DeleteFunc(slices.Clone(all), func(r sandboxes.Record) bool {
		return r.Kind != sandboxes.Prepared || mode != "" && r.Provider != mode
	})
	var keys []string
	for _, word := range words {
		tagged := taggedKeys(word, dir)
		found := false
		for _, r := range prepared {
			if r.Scenario == word || r.Name == word || slices.Contains(tagged, r.Scenario) {
				keys, found = append(keys, r.Scenario), true
			}
		}
		for _, r := range all {
			if !found && (r.Name == word || r.ID == word) && r.Kind != sandboxes.Prepared {
				return nil, usagef("sandbox %s was %s, and restore takes only what was prepared: %s", r.Name, r.Kind, remedyFor(r))
			}
		}
		if !found {
			return nil, usagef("%s is not prepared: benchtest sandbox list shows what is", word)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// taggedKeys are the scenarios with a tag, where their folder can be read: a
// scenario that is gone is restored by its key.
func taggedKeys(tag, dir string) []string {
	folder, err := folderOf(dir)
	if err != nil {
		return nil
	}
	f, err := openFolder([]string{folder})
	if err != nil {
		return nil
	}
	defer f.close()
	var keys []string
	for _, s := range f.all {
		if slices.Contains(s.Tags, tag) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// restoreScene ends one prepared scenario.
func (e *env) restoreScene(ctx context.Context, k *sandboxes.Keeper, all []sandboxes.Record, key, mode string) error {
	s := &scene{env: e, keeper: k, mode: mode}
	defer func() {
		for _, h := range s.held {
			h.Yield()
		}
	}()
	for _, r := range all {
		if r.Kind != sandboxes.Prepared || r.Scenario != key || mode != "" && r.Provider != mode {
			continue
		}
		h, err := k.Take(ctx, r)
		if err != nil {
			return err
		}
		s.held, s.wire, s.folder, s.mode = append(s.held, h), r.Wire, r.Folder, r.Provider
	}
	if s.lent() {
		if err := s.restoreHosts(ctx, key); err != nil {
			return err
		}
	}
	var errs []error
	for _, h := range s.held {
		err := h.Remove(ctx)
		errs = append(errs, err)
		if err == nil {
			e.printf(e.stdout, "removed %s\n", h.Record.Name)
		}
	}
	if err := errors.Join(errs...); err != nil || s.wire == "" {
		return err
	}
	return e.unwire(ctx, k, s.mode, s.wire)
}

// lent reports whether the machines stay when they are given back.
func (s *scene) lent() bool {
	for _, h := range s.held {
		if _, ok := h.Machine.(providers.Loan); ok {
			return true
		}
	}
	return false
}

// restoreHosts runs the scenario's restore.* on machines that stay.
func (s *scene) restoreHosts(ctx context.Context, key string) error {
	f, err := loaded([]string{s.folder})
	if err != nil {
		return err
	}
	defer f.close()
	chosen, err := scenario.Select(f.all, key)
	if err != nil {
		return fmt.Errorf("restore needs the scenario's restore.*: %w", err)
	}
	s.sc = chosen[0]
	stage, done, err := s.stage()
	if err != nil {
		return err
	}
	return errors.Join(stage.Mend(ctx), done())
}

// unwire removes the network of a scenario's hosts, and then its lease.
func (e *env) unwire(ctx context.Context, k *sandboxes.Keeper, mode, wire string) error {
	p, err := k.Open(mode)
	if err != nil {
		return err
	}
	// Ours already where we made it; gone where somebody else was faster.
	_, _ = k.Journal.Seize(wire)
	if n, ok := p.(providers.Networker); ok {
		if err := n.Disconnect(context.WithoutCancel(ctx), wire); err != nil {
			k.Journal.Yield(wire)
			return err
		}
	}
	return k.Journal.Remove(wire)
}
