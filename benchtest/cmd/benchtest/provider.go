package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/host"
	"github.com/benchtest-dev/benchtest/providers/incus"
	"github.com/benchtest-dev/benchtest/providers/lima"
)

// registry links every provider there is: go tool takes no build tags.
func registry() *providers.Registry {
	r := &providers.Registry{}
	registerLocal(r)
	r.Register("host", host.New)
	r.Register("incus", incus.New)
	r.Register("lima", lima.New)
	return r
}

// openProvider makes the provider called name for the state in home.
func openProvider(name, home string) (providers.Provider, error) {
	return registry().New(name, providers.Options{Home: home})
}

// provider is the provider that a command's --mode names, made once.
func (e *env) provider(name string) (providers.Provider, error) {
	e.opening.Lock()
	defer e.opening.Unlock()
	if p := e.opened[name]; p != nil {
		return p, nil
	}
	p, err := e.makeProvider(name)
	if err != nil {
		return nil, err
	}
	if e.opened == nil {
		e.opened = map[string]providers.Provider{}
	}
	e.opened[name] = p
	return p, nil
}

func (e *env) makeProvider(name string) (providers.Provider, error) {
	h, err := fixtures.Home(e.lookup)
	if err != nil {
		return nil, err
	}
	if linked := e.providers.Names(); slices.Contains(providers.Known, name) && !slices.Contains(linked, name) {
		return nil, usagef("provider %q is not part of this version of benchtest: have %s", name, strings.Join(linked, ", "))
	}
	inventory, _ := e.lookup("BENCHTEST_INVENTORY")
	if inventory != "" {
		if inventory, err = filepath.Abs(inventory); err != nil {
			return nil, usageError{err}
		}
	}
	trust, _ := e.lookup("BENCHTEST_SSH_TRUST_FIRST")
	p, err := e.providers.New(name, providers.Options{Home: h, Inventory: inventory, TrustFirst: trust == "1" || trust == "true", LockDir: fixtures.LockDir()})
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}
