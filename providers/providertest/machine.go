package providertest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
)

// A FakeMachine is one machine of a Fake.
type FakeMachine struct {
	fake    *Fake
	spec    providers.CloneSpec
	dir     string
	server  *ssh.ServerConfig
	keys    map[string]map[string]bool // user → authorized key
	created time.Time

	mu   sync.Mutex
	up   *uptime // nil: half made, powered off or destroyed
	off  bool    // it was stopped
	gone bool
}

// An uptime is one boot of a machine.
type uptime struct {
	id      string
	ctx     context.Context // ends with the boot; a goroutine's, not a caller's
	end     context.CancelFunc
	answers time.Time // when the SSH server answers
	ready   time.Time // when PID 1 says running
	work    sync.WaitGroup
	calls   calls
}

var (
	_ providers.Machine       = (*FakeMachine)(nil)
	_ providers.Rebooter      = (*FakeMachine)(nil)
	_ providers.LimitReporter = (*FakeMachine)(nil)
	_ providers.Prober        = probedMachine{}
)

// probedMachine is a FakeMachine of a Fake that has Facts.
type probedMachine struct{ *FakeMachine }

// face is the machine as its users see it.
func (m *FakeMachine) face() providers.Machine {
	if m.fake.o.Facts != nil {
		return probedMachine{m}
	}
	return m
}

func newFakeMachine(f *Fake, c providers.CloneSpec) (*FakeMachine, error) {
	m := &FakeMachine{fake: f, spec: c, dir: f.dirOf(c.ID), created: time.Now(), keys: map[string]map[string]bool{}}
	host, err := ssh.ParsePrivateKey(c.Keys.HostKey)
	if err != nil {
		return nil, fmt.Errorf("read host key: %w", err)
	}
	for user, file := range map[string][]byte{"root": c.Keys.Root, "agent": c.Keys.Agent} {
		m.keys[user] = map[string]bool{}
		for len(file) > 0 {
			key, _, _, rest, err := ssh.ParseAuthorizedKey(file)
			if err != nil {
				return nil, fmt.Errorf("read authorized keys of %s: %w", user, err)
			}
			m.keys[user][string(key.Marshal())] = true
			file = rest
		}
	}
	m.server = &ssh.ServerConfig{PublicKeyCallback: m.authorize}
	m.server.AddHostKey(host)
	return m, nil
}

func (m *FakeMachine) authorize(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	if !m.keys[c.User()][string(key.Marshal())] {
		return nil, fmt.Errorf("key of %s is not authorized", c.User())
	}
	return &ssh.Permissions{}, nil
}

// ID is the CloneSpec's.
func (m *FakeMachine) ID() string { return m.spec.ID }

// Spec is what the machine was made of, with the limits that Resize gave it.
func (m *FakeMachine) Spec() providers.CloneSpec {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spec
}

// Dir is the machine's root and its users' home.
func (m *FakeMachine) Dir() string { return m.dir }

// Enforced is the Fake's option.
func (m *FakeMachine) Enforced() providers.Enforced { return m.fake.o.Enforced }

// Interrupted is what the options say.
func (m *FakeMachine) Interrupted(since time.Time) error {
	if f := m.fake.o.Interrupted; f != nil {
		return f(since)
	}
	return nil
}

// boot starts a new boot.
func (m *FakeMachine) boot() {
	ctx, end := context.WithCancel(context.Background())
	answers := time.Now().Add(m.fake.o.BootDelay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		end()
		return
	}
	m.up = &uptime{id: rand.Text(), ctx: ctx, end: end, answers: answers, ready: answers.Add(m.fake.o.ReadyDelay)}
}

// present is the boot that runs, or why there is none.
func (m *FakeMachine) present() (*uptime, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.gone:
		return nil, fmt.Errorf("machine %s: %w", m.spec.ID, providers.ErrNotFound)
	case m.up == nil:
		return nil, errors.New("the machine is off")
	}
	return m.up, nil
}

// Dial starts a server for one connection.
func (m *FakeMachine) Dial(ctx context.Context) (net.Conn, error) {
	m.fake.state.tally(func(c *Counters) { c.Dials++ })
	up, err := m.present()
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case time.Now().Before(up.answers):
		return nil, errors.New("connection refused: the machine is booting")
	}
	if fail := m.fake.o.FailDial; fail != nil {
		if err := fail(m); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.up != up { // or PowerOff could miss the server
		return nil, errors.New("the machine went down")
	}
	here, there := Wire()
	up.work.Go(func() { m.serve(up, there) })
	return here, nil
}

// PowerOff ends the boot, with its connections and commands.
func (m *FakeMachine) PowerOff() {
	m.mu.Lock()
	up := m.up
	m.up = nil
	m.mu.Unlock()
	if up != nil {
		up.end()
		up.work.Wait()
	}
}

// Reboot ends the boot and starts another one.
func (m *FakeMachine) Reboot(context.Context) error {
	m.fake.state.tally(func(c *Counters) { c.Reboots++ })
	m.PowerOff()
	m.boot()
	return nil
}

// Destroy ends the boot and removes the directory.
func (m *FakeMachine) Destroy(ctx context.Context) error {
	m.mu.Lock()
	first := !m.gone
	m.gone = true
	m.mu.Unlock()
	if first {
		m.fake.state.tally(func(c *Counters) { c.Destroys++ })
	}
	m.PowerOff()
	if err := wait(ctx, m.fake.o.DestroyDelay); err != nil {
		return fmt.Errorf("destroy %s: %w", m.spec.ID, err)
	}
	if err := errors.Join(os.RemoveAll(m.dir), os.RemoveAll(m.snapshots())); err != nil {
		return fmt.Errorf("destroy %s: %w", m.spec.ID, err)
	}
	m.fake.state.mu.Lock()
	defer m.fake.state.mu.Unlock()
	if m.fake.state.machines[m.spec.ID] == m {
		delete(m.fake.state.machines, m.spec.ID)
	}
	return nil
}

// Probe answers by the Fake's Facts.
func (m probedMachine) Probe(ctx context.Context, _ *os.File, request []byte) ([]byte, error) {
	m.fake.state.tally(func(c *Counters) { c.Probes++ })
	if _, err := m.present(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.answer(request)
}

// answer is what a probe at this machine says.
func (m *FakeMachine) answer(request []byte) ([]byte, error) {
	var req facts.Request
	if err := json.Unmarshal(request, &req); err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	a, err := m.fake.o.Facts(m, req)
	if err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

func (m *FakeMachine) info() providers.MachineInfo {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := "running"
	switch {
	case m.off:
		state = "stopped"
	case m.up == nil:
		state = "broken"
	}
	return providers.MachineInfo{
		ID: m.spec.ID, Kind: providers.KindClone, Provider: "fake", Template: m.spec.Template.Name,
		Run: m.spec.Run, State: state, Created: m.created,
	}
}
