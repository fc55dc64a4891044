package engines

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Registry maps names to engines. The zero value is empty and ready; it may
// be used concurrently.
type Registry struct {
	mu     sync.Mutex
	byName map[string]Engine
}

// Register adds e under its name. A name taken twice panics: it is a mistake
// of the build, not of its input.
func (r *Registry) Register(e Engine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := e.Name()
	if r.byName == nil {
		r.byName = map[string]Engine{}
	}
	if r.byName[name] != nil {
		panic("benchtest: engine registered twice: " + name)
	}
	r.byName[name] = e
}

// Names lists what is registered, sorted.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.byName))
	for n := range r.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Lookup finds the engine called name; the error of an unknown one lists those
// that there are.
func (r *Registry) Lookup(name string) (Engine, error) {
	r.mu.Lock()
	e := r.byName[name]
	r.mu.Unlock()
	if e == nil {
		return nil, fmt.Errorf("engine %q is unknown: have %s", name, strings.Join(r.Names(), ", "))
	}
	return e, nil
}
