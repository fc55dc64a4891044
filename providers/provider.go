package providers

import (
	"context"
	"net"
	"os"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A Provider makes machines of one kind. Methods may be called concurrently.
type Provider interface {
	// Check says what is missing here, and how to get it. Nil: ready to work.
	Check(ctx context.Context) error
	// Build makes the template, or returns at once when it is there. Two
	// processes that build the same template do it once. An interrupted build
	// leaves nothing that looks finished.
	Build(ctx context.Context, t Template) error
	// Clone makes and starts a machine. On error nothing is left behind. It
	// does not wait for the machine to be ready.
	Clone(ctx context.Context, c CloneSpec) (Machine, error)
	// Open finds a machine by ID, also one of another process and one half
	// made; a machine that is not there at all is ErrNotFound.
	Open(ctx context.Context, id string) (Machine, error)
	// List names what is ours: templates, clones, networks.
	List(ctx context.Context) ([]MachineInfo, error)
}

// A Machine is one clone or host. Methods may be called concurrently.
type Machine interface {
	ID() string
	// Dial connects to the guest's SSH server; no network is needed. The
	// caller closes the connection.
	Dial(ctx context.Context) (net.Conn, error)
	// Destroy removes the machine and all it holds. It is idempotent: what is
	// not there is nil.
	Destroy(ctx context.Context) error
}

// A RootDialer is a Machine with an SSH server for the driver alone, which lets
// root in, for commands and files, and needs neither the guest's network nor its own SSH server: those
// may be what a scenario breaks. It shows the same host key. Machines implement
// it where they can.
type RootDialer interface {
	// DialRoot connects to it. When it fails, Dial may do. The caller closes
	// the connection.
	DialRoot(ctx context.Context) (net.Conn, error)
}

// A Networker connects the hosts of one attempt, so that they reach each
// other by host_name. Providers implement it where they can.
type Networker interface {
	// Connect is idempotent; it is called at lease, before the machine works.
	Connect(ctx context.Context, attempt string, hosts map[string]Machine) error
	// Disconnect is idempotent; a network that is not there is nil.
	Disconnect(ctx context.Context, attempt string) error
}

// A Prober runs the probe at a machine out of band. bin is the static probe
// binary, open for reading; the request goes to its standard input and the
// answer is its standard output. Machines implement it where they can.
type Prober interface {
	Probe(ctx context.Context, bin *os.File, request []byte) ([]byte, error)
}

// A ProbeGrader is a Prober whose probe runs in the guest: what its facts are
// worth is for us to say, and not for what answers there.
type ProbeGrader interface {
	ProbeGrade() facts.Grade
}

// A Snapshotter can return a machine to an earlier state.
type Snapshotter interface {
	Snapshot(ctx context.Context, tag string) error
	Restore(ctx context.Context, tag string) error
}

// A Rebooter restarts a machine from outside.
type Rebooter interface {
	Reboot(ctx context.Context) error
}

// An InterruptionReporter is a Machine that can be cut off from us by what is
// between, which says nothing of the guest.
type InterruptionReporter interface {
	// Interrupted says that it was cut off at some moment after since, as far as
	// it was asked anything then. Nil: it was not.
	Interrupted(since time.Time) error
}

// A LimitReporter says which limits of its CloneSpec the machine enforces.
type LimitReporter interface {
	Enforced() Enforced
}

// Enforced records which limits are in force; a false one is only promised.
type Enforced struct {
	Memory bool   `json:"memory"`
	CPU    bool   `json:"cpu"`
	Disk   bool   `json:"disk"`
	Pids   bool   `json:"pids"`
	Reason string `json:"reason,omitempty"` // why one is not, and the remedy
}

// Network is what a machine may reach beside itself and its attempt's hosts.
type Network string

// The networks of a scenario.
const (
	NetworkNone Network = "none" // loopback and the attempt's own hosts
	NetworkOpen Network = "open"
)

// Limits bounds a machine. Zero means the template's.
type Limits struct {
	MemoryMiB int `json:"memory_mib,omitempty"`
	VCPU      int `json:"vcpu,omitempty"`
	DiskMiB   int `json:"disk_mib,omitempty"`
}

// A CloneSpec asks for one clone.
type CloneSpec struct {
	ID       string // [a-z0-9-], at most 40 characters, contains "benchtest"
	Template Template
	HostName string // the guest's host name
	HostID   string // host mode only
	Run      string // the run's ID; helpers start inside the cgroup benchtest/RUN
	Attempt  string // "" while the clone waits in the pool
	Network  Network
	Limits   Limits
	Keys     Keys
	// Mounts are directories of the driver to be seen in the guest, for
	// sandboxes of people's own. A provider that cannot refuses the clone. Nil
	// means the template's, and an empty slice none; to a Copier both mean none.
	Mounts []Mount
}

// Keys are what a clone is told of SSH. The provider installs them before the
// guest's SSH server starts.
type Keys struct {
	// HostKey is the guest's ed25519 host key as an OpenSSH private key, made
	// for this clone; its public half is pinned by whoever dials.
	HostKey []byte
	// Root and Agent are authorized_keys files for the users root and agent.
	Root, Agent []byte
}

// Kind is what a MachineInfo describes.
type Kind string

// The kinds.
const (
	KindTemplate Kind = "template"
	KindClone    Kind = "clone"
	KindNetwork  Kind = "network"
)

// MachineInfo is one thing of ours that a provider holds.
type MachineInfo struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind"`
	Provider string    `json:"provider"`
	Template string    `json:"template,omitempty"`
	Run      string    `json:"run,omitempty"`
	State    string    `json:"state"` // "running", "stopped", "broken", "complete", ...
	Bytes    int64     `json:"bytes,omitempty"`
	Created  time.Time `json:"created,omitzero"`
}
