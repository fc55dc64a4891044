package providers

import (
	"context"
	"time"
)

// What people do with a sandbox of their own, and a provider can or cannot:
// asked for by type assertion, as in provider.go.

// A Starter is a Machine that can be turned off and on, and keeps its disk.
// Both methods are idempotent. Start does not wait until the machine is ready.
type Starter interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// A SnapshotKeeper is a Snapshotter that knows what it has kept.
type SnapshotKeeper interface {
	Snapshots(ctx context.Context) ([]SnapshotInfo, error)
	// DeleteSnapshot removes one; one that is not there is ErrNotFound.
	DeleteSnapshot(ctx context.Context, tag string) error
}

// SnapshotInfo is one snapshot of a machine.
type SnapshotInfo struct {
	Tag     string    `json:"tag"`
	Created time.Time `json:"created,omitzero"`
	Bytes   int64     `json:"bytes,omitempty"` // 0: not known
}

// A Copier is a Provider that copies a machine with all it holds. The copy gets
// the spec's ID, names and keys, and its template is only for the record.
type Copier interface {
	Copy(ctx context.Context, from Machine, c CloneSpec) (Machine, error)
}

// A Saver is a Provider that makes a template of a machine, which is stopped
// for that. On error no template is left behind.
type Saver interface {
	Save(ctx context.Context, from Machine, as Template) error
}

// A Resizer is a Machine whose limits can be changed; a zero one stays. The
// change holds from the next Start at the latest.
type Resizer interface {
	Resize(ctx context.Context, l Limits) error
}

// A Remounter is a Machine whose mounts can be changed: these take the place of
// those it has. The change holds from the next Start at the latest.
type Remounter interface {
	Remount(ctx context.Context, mounts []Mount) error
}

// A Forwarder is a Machine that shows ports of its guest on the driver's
// loopback while it is on. Each Forward that it returns has its Host.
type Forwarder interface {
	Forwards(ctx context.Context) ([]Forward, error)
}

// A Forward shows a TCP port of a guest on the driver's loopback.
type Forward struct {
	Guest int
	Host  int // 0: one that is free
}

// A Resetter is a Machine whose snapshots bring all of it back, memory and disk
// and clock, so that another attempt may have it. After Restore its
// connections are dead.
type Resetter interface {
	Snapshotter
	// CanReset is nil, or says why this machine's driver cannot.
	CanReset(ctx context.Context) error
}
