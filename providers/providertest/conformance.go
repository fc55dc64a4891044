package providertest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// Caps says what a provider's machines can do beyond being machines. What is
// off is skipped, and the skip names the field.
type Caps struct {
	Network  bool // the Provider is a Networker; Network: none has no route out
	Probe    bool // the Machines are Probers
	SSHFacts bool // they are not, and the probe runs in the guest
	RootDial bool // the Machines are RootDialers
	Reboot   bool // a guest comes back after `systemctl reboot`
	Snapshot bool // the Machines are Snapshotters
	Limits   bool // the Machines are LimitReporters
	Start    bool // the Machines are Starters
	Resize   bool // the Machines are Resizers
	Keeper   bool // the Machines are SnapshotKeepers; with Snapshot
	Copy     bool // the Provider is a Copier
	Save     bool // the Provider is a Saver
	Mounts   bool // clones may have Mounts; one without refuses them
	Remount  bool // the Machines are Remounters, and Starters
	Lend     bool // the Provider is a Lender: machines are there before, and stay
}

// A Harness is what Run needs to know of a provider.
type Harness struct {
	// New makes a Provider value. All of them, in one test, share their
	// machines, as several processes would.
	New func(t *testing.T) providers.Provider
	// Template is the template of all machines: a Debian with systemd, sshd and
	// Subsystem sftp.
	Template func(t *testing.T) providers.Template
	Caps     Caps
	// Probe opens the probe binary; Run closes it. Only with Caps.Probe or
	// Caps.SSHFacts.
	Probe func(t *testing.T) *os.File
	// Service is a unit that runs in every machine; empty means "ssh". Only
	// with Caps.Probe.
	Service string
	// Patience bounds every wait for a machine; zero means a minute.
	Patience time.Duration
}

// A suite is one Run.
type suite struct {
	Harness
	tmpl  providers.Template
	run   string
	probe *os.File

	mu  sync.Mutex
	ids []string // of all machines that were asked for
}

// Run checks that a provider keeps the contract of providers.Provider. Its
// machines are made and destroyed by the test; the template stays.
func Run(t *testing.T, h Harness) {
	t.Helper()
	s := &suite{Harness: h, run: "ct" + strings.ToLower(rand.Text()[:6])}
	if s.Patience == 0 {
		s.Patience = time.Minute
	}
	if s.Service == "" {
		s.Service = "ssh"
	}
	s.tmpl = h.Template(t)
	if h.Caps.Probe || h.Caps.SSHFacts {
		s.probe = h.Probe(t)
		t.Cleanup(func() { assert.NoError(t, s.probe.Close()) })
	}
	require.NoError(t, h.New(t).Check(t.Context()), "check")
	t.Run("build", s.testBuild)
	t.Run("machines", func(t *testing.T) {
		t.Run("commands", s.testCommands)
		t.Run("limit kills the session", s.testLimit)
		t.Run("files", s.testFiles)
		t.Run("keys", s.testKeys)
		t.Run("root dial", s.testRootDial)
		t.Run("machines share nothing", s.testApart)
		t.Run("open from elsewhere", s.testOpen)
		t.Run("destroy", s.testDestroy)
		t.Run("refused clones", s.testRefused)
		t.Run("cancelled clones", s.testCancelled)
		t.Run("list", s.testList)
		t.Run("reboot", s.testReboot)
		t.Run("network", s.testNetwork)
		t.Run("no way out", s.testNoWayOut)
		t.Run("facts", s.testFacts)
		t.Run("limits", s.testLimits)
		t.Run("snapshot", s.testSnapshot)
		t.Run("lend", s.testLend)
		t.Run("snapshots", s.testSnapshots)
		t.Run("stop and start", s.testPower)
		t.Run("resize", s.testResize)
		t.Run("copy", s.testCopy)
		t.Run("save", s.testSave)
		t.Run("mounts", s.testMounts)
	})
	t.Run("nothing is left", s.testNothingLeft)
}

// need skips what the provider cannot do.
func (s *suite) need(t *testing.T, capability string, have bool) {
	t.Helper()
	if !have {
		t.Skipf("the provider cannot: set Caps.%s in its Harness when it can", capability)
	}
}

// newID is an ID for one machine.
func (s *suite) newID() string {
	id := "benchtest-" + s.run + "-" + strings.ToLower(rand.Text()[:8])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = append(s.ids, id)
	return id
}

// spec asks for one machine, and keys to reach it.
func (s *suite) spec(t *testing.T, host string) (providers.CloneSpec, providers.KeyRing) {
	t.Helper()
	keys, err := providers.NewKeyRing()
	require.NoError(t, err)
	return providers.CloneSpec{
		ID: s.newID(), Template: s.tmpl, HostName: host, Run: s.run,
		Network: providers.NetworkNone, Keys: keys.Keys,
	}, keys
}

// clone makes a machine that is destroyed at the test's end.
func (s *suite) clone(t *testing.T, p providers.Provider, host string) (providers.Machine, providers.KeyRing) {
	t.Helper()
	spec, keys := s.spec(t, host)
	m, err := p.Clone(s.patience(t), spec)
	require.NoError(t, err)
	require.Equal(t, spec.ID, m.ID())
	t.Cleanup(func() { s.destroy(t, m) })
	return m, keys
}

// destroy works in a Cleanup, where the test's context is over.
func (s *suite) destroy(t *testing.T, m providers.Machine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), s.Patience)
	defer cancel()
	assert.NoError(t, m.Destroy(ctx), "destroy")
}

// open is a sandbox of m as user.
func (s *suite) open(t *testing.T, m providers.Machine, host string, a providers.Access) *providers.Sandbox {
	t.Helper()
	sb, err := providers.Open(s.patience(t), m, host, a, providers.SandboxOptions{Probe: s.probe, Pace: providers.PaceOf(s.New(t))})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sb.Close()) })
	return sb
}

// ready is a new machine that has booted, and its sandbox as root.
func (s *suite) ready(t *testing.T) (providers.Machine, *providers.Sandbox) {
	t.Helper()
	m, keys := s.clone(t, s.New(t), "web1")
	sb := s.open(t, m, "web1", providers.AccessTo(m, keys, "root"))
	require.NoError(t, sb.WaitReady(s.patience(t)))
	return m, sb
}

func (s *suite) patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.Patience)
	t.Cleanup(cancel)
	return ctx
}

// listed is the List entries called id.
func listed(t *testing.T, p providers.Provider, id string) []providers.MachineInfo {
	t.Helper()
	all, err := p.List(t.Context())
	require.NoError(t, err)
	var mine []providers.MachineInfo
	for _, info := range all {
		if info.ID == id {
			mine = append(mine, info)
		}
	}
	return mine
}

// output runs argv, which must succeed, and returns what it printed, trimmed.
func (s *suite) output(t *testing.T, sb *providers.Sandbox, argv ...string) string {
	t.Helper()
	r, err := sb.Exec(t.Context(), providers.Command{Argv: argv, Limit: s.Patience})
	require.NoError(t, err)
	require.Zero(t, r.ExitStatus, "%q: %s%s", argv, r.Stdout, r.Stderr)
	return strings.TrimSpace(string(r.Stdout))
}

// shell runs a script, which must succeed, with $1... set to args.
func (s *suite) shell(t *testing.T, sb *providers.Sandbox, script string, args ...string) string {
	t.Helper()
	return s.output(t, sb, append([]string{"/bin/sh", "-c", script, "sh"}, args...)...)
}
