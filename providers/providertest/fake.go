package providertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
)

// FakeOptions shape a Fake. The zero value is a provider whose machines start
// at once; only Dir is needed.
type FakeOptions struct {
	Dir string // holds a directory for each machine

	BuildDelay, CloneDelay, DestroyDelay time.Duration
	// BootDelay passes from Clone or Reboot to the first answer of the SSH
	// server, ReadyDelay from then until PID 1 says running.
	BootDelay, ReadyDelay time.Duration

	// FailBuild and FailClone, where set, are asked when the thing is half made.
	FailBuild func(providers.Template) error
	FailClone func(providers.CloneSpec) error
	FailDial  func(m *FakeMachine) error
	// Interrupted answers for the machines; nil: none was ever cut off.
	Interrupted func(since time.Time) error

	// Exec is asked first about every command of a Sandbox, and answers nil when
	// the command shall run on this very host, in the machine's directory.
	Exec func(c Call) Answerer
	// Facts makes the machines Probers, and answers for the probe inside as well.
	Facts func(m *FakeMachine, req facts.Request) (facts.Answer, error)
	// Mounts: clones may have some, which only their Spec shows.
	Mounts bool
	// Enforced is what the machines report of their limits.
	Enforced providers.Enforced
}

// Counters say what was asked of a Fake.
type Counters struct {
	Builds, Clones, Destroys, Dials, Execs, Probes, Reboots int
}

// A Fake is a Provider of machines in this process: each has a real SSH server
// and a directory, and commands really run, as the current user, in that
// directory. It isolates nothing.
type Fake struct {
	o     FakeOptions
	state *fakeState
}

// fakeState is what several Fakes can share, as providers share a disk.
type fakeState struct {
	mu        sync.Mutex
	templates map[string]*fakeBuild
	machines  map[string]*FakeMachine
	networks  map[string]map[string]string // attempt → host → machine ID
	count     Counters
}

// fakeBuild is one template; done is closed when its build has ended.
type fakeBuild struct {
	done    chan struct{}
	created time.Time
	err     error
	content string // of one that was saved: what clones begin with
}

var (
	_ providers.Provider  = (*Fake)(nil)
	_ providers.Networker = (*Fake)(nil)
)

// NewFake makes a provider without machines.
func NewFake(o FakeOptions) *Fake {
	return &Fake{o: o, state: &fakeState{
		templates: map[string]*fakeBuild{},
		machines:  map[string]*FakeMachine{},
		networks:  map[string]map[string]string{},
	}}
}

// Again is another Provider value over the same machines, as another process
// would have.
func (f *Fake) Again() *Fake { return &Fake{o: f.o, state: f.state} }

// Counters is what was asked so far.
func (f *Fake) Counters() Counters {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	return f.state.count
}

// Live is the machines that exist, by ID.
func (f *Fake) Live() map[string]*FakeMachine {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	return maps.Clone(f.state.machines)
}

// Networks is what Connect has connected and Disconnect has not undone:
// attempt, host name, machine ID.
func (f *Fake) Networks() map[string]map[string]string {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	return maps.Clone(f.state.networks)
}

// Check wants a directory.
func (f *Fake) Check(context.Context) error {
	if f.o.Dir == "" {
		return errors.New("fake provider has no directory: set FakeOptions.Dir")
	}
	return nil
}

// Build remembers the template.
func (f *Fake) Build(ctx context.Context, t providers.Template) error {
	name := t.BuildName()
	for {
		f.state.mu.Lock()
		b := f.state.templates[name]
		mine := b == nil
		if mine {
			b = &fakeBuild{done: make(chan struct{})}
			f.state.templates[name] = b
			f.state.count.Builds++
		}
		f.state.mu.Unlock()
		if mine {
			return f.build(ctx, t, b)
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			return fmt.Errorf("wait for template %s: %w", name, context.Cause(ctx))
		}
		if b.err == nil {
			return nil
		}
	}
}

func (f *Fake) build(ctx context.Context, t providers.Template, b *fakeBuild) error {
	err := wait(ctx, f.o.BuildDelay)
	if err == nil && f.o.FailBuild != nil {
		err = f.o.FailBuild(t)
	}
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	if b.err = err; err != nil {
		delete(f.state.templates, t.BuildName())
	}
	b.created = time.Now()
	close(b.done)
	if err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	return nil
}

// Clone makes a machine of a template that was built.
func (f *Fake) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	m, err := f.cloneOf(ctx, c, "")
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	return m.face(), nil
}

// cloneOf makes a machine with what is in the directory content, or with what
// its template has where that is empty.
func (f *Fake) cloneOf(ctx context.Context, c providers.CloneSpec, content string) (*FakeMachine, error) {
	if err := providers.CheckID(c.ID); err != nil {
		return nil, err
	}
	if len(c.Mounts) > 0 && !f.o.Mounts {
		return nil, errors.New("the fake mounts nothing: set FakeOptions.Mounts")
	}
	m, err := newFakeMachine(f, c)
	if err != nil {
		return nil, err
	}
	f.state.mu.Lock()
	b, taken := f.state.templates[c.Template.BuildName()], f.state.machines[c.ID] != nil
	if content == "" && b != nil {
		content = b.content
	}
	if b != nil && !taken {
		f.state.machines[c.ID] = m
		f.state.count.Clones++
	}
	f.state.mu.Unlock()
	switch {
	case b == nil:
		return nil, fmt.Errorf("template %s is not built", c.Template.BuildName())
	case taken:
		return nil, errors.New("the ID is taken")
	}
	err = wait(ctx, f.o.CloneDelay)
	if err == nil && f.o.FailClone != nil {
		err = f.o.FailClone(c)
	}
	if err == nil {
		err = os.MkdirAll(m.dir, 0o755)
	}
	if err == nil && content != "" {
		err = os.CopyFS(m.dir, os.DirFS(content))
	}
	if err != nil {
		return nil, errors.Join(err, m.Destroy(context.WithoutCancel(ctx)))
	}
	m.boot()
	return m, nil
}

// Open finds a machine of this Fake or of one it shares its machines with.
func (f *Fake) Open(_ context.Context, id string) (providers.Machine, error) {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	m := f.state.machines[id]
	if m == nil {
		return nil, fmt.Errorf("open %s: %w", id, providers.ErrNotFound)
	}
	return m.face(), nil
}

// List lists templates, clones and networks, by ID.
func (f *Fake) List(context.Context) ([]providers.MachineInfo, error) {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	var all []providers.MachineInfo
	for name, b := range f.state.templates {
		state := "complete"
		if b.created.IsZero() {
			state = "building"
		}
		all = append(all, providers.MachineInfo{ID: name, Kind: providers.KindTemplate, Provider: "fake", State: state, Created: b.created})
	}
	for _, m := range f.state.machines {
		all = append(all, m.info())
	}
	for attempt := range f.state.networks {
		all = append(all, providers.MachineInfo{ID: attempt, Kind: providers.KindNetwork, Provider: "fake", State: "running"})
	}
	slices.SortFunc(all, func(a, b providers.MachineInfo) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// Connect only remembers: fake machines share their host's network anyway.
func (f *Fake) Connect(_ context.Context, attempt string, hosts map[string]providers.Machine) error {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	ids := map[string]string{}
	for name, m := range hosts {
		ids[name] = m.ID()
	}
	f.state.networks[attempt] = ids
	return nil
}

// Disconnect forgets.
func (f *Fake) Disconnect(_ context.Context, attempt string) error {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	delete(f.state.networks, attempt)
	return nil
}

// tally counts something.
func (s *fakeState) tally(add func(*Counters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.count)
}

// dirOf is the directory of a machine.
func (f *Fake) dirOf(id string) string { return filepath.Join(f.o.Dir, id) }

// wait waits for d, or for the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
