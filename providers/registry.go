package providers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrNotFound is what Open says of a machine that does not exist.
var ErrNotFound = errors.New("machine not found")

// Options is what a provider is made with.
type Options struct {
	Home string // BENCHTEST_HOME, absolute
	Run  string // the run's ID; empty in the CLI

	// Of provider host: the inventory file; whether a host whose key nobody
	// knows is believed once; and where the processes of this machine meet
	// (empty: below Home).
	Inventory  string
	TrustFirst bool
	LockDir    string
}

// A Registry maps names to providers. The zero value is empty and ready.
type Registry struct {
	mu    sync.Mutex
	makes map[string]func(Options) (Provider, error)
}

// Known names every provider that benchtest has; one of them may not be
// linked into a given build.
var Known = []string{"local", "host", "incus", "lima"}

// Register adds a provider under name. A name taken twice panics: it is a
// mistake of the build, not of its input.
func (r *Registry) Register(name string, make func(Options) (Provider, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.makes == nil {
		r.makes = map[string]func(Options) (Provider, error){}
	}
	if r.makes[name] != nil {
		panic("benchtest: provider registered twice: " + name)
	}
	r.makes[name] = make
}

// Names lists what is registered, sorted.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.makes))
	for n := range r.makes {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// New makes the provider called name. Nothing falls back to another one.
func (r *Registry) New(name string, o Options) (Provider, error) {
	r.mu.Lock()
	mk := r.makes[name]
	r.mu.Unlock()
	switch {
	case mk != nil:
		return mk(o)
	case slices.Contains(Known, name):
		return nil, fmt.Errorf("provider %q is not in this build: rebuild with -tags %s", name, name)
	}
	return nil, fmt.Errorf("provider %q is unknown: have %s", name, strings.Join(r.Names(), ", "))
}
