package lima

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"
	_ "github.com/pkg/sftp" // the steward's, which a user's go.sum must have

	"github.com/benchtest-dev/benchtest/benchtest/facts/guestbin"
	"github.com/benchtest-dev/benchtest/providers"
)

// stewardPorts is how many connections to a guest's steward there can be at
// once. Whoever gets none goes by the guest's SSH server.
const stewardPorts = 4

var stewardCommand = guestbin.Command{Name: "steward", Package: "github.com/benchtest-dev/benchtest/providers/lima/steward"}

// sendSteward builds what is to sit in the guest, whose processor is ours, and
// takes it there.
func (p *Provider) sendSteward(ctx context.Context, root *providers.Sandbox) error {
	f, err := stewardCommand.Open(ctx, p.home, runtime.GOARCH)
	if err != nil {
		return err
	}
	defer f.Close()
	return root.Upload(ctx, f, "/run/benchtest-steward", 0o755)
}

// runBySteward has the guest's root run a script.
func (p *Provider) runBySteward(ctx context.Context, instance, script string) error {
	return p.tellSteward(ctx, instance, func() string { return "run " + base64.StdEncoding.EncodeToString([]byte(script)) })
}

// wakeBySteward is what wakeScript is by SSH.
func (p *Provider) wakeBySteward(ctx context.Context, instance string) error {
	return p.tellSteward(ctx, instance, func() string {
		now := time.Now()
		return fmt.Sprintf("wake %d %09d %s", now.Unix(), now.Nanosecond(), rand.Text()+rand.Text())
	})
}

// tellSteward makes one request, which is worded when the steward listens.
func (p *Provider) tellSteward(ctx context.Context, instance string, request func() string) error {
	c, err := p.dialSteward(ctx, instance)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.request(ctx, request())
}

// dialSteward connects to the steward and returns when it answers, or when ctx
// ends. Each port has its share of the time: one may be at work still for
// somebody who has given up.
func (p *Provider) dialSteward(ctx context.Context, instance string) (*stewardConn, error) {
	var errs []error
	for i := range stewardPorts {
		port, cancel := ctx, context.CancelFunc(func() {})
		if end, ok := ctx.Deadline(); ok {
			port, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(stewardPorts-i))
		}
		c, err := p.dialPort(port, instance, i)
		cancel()
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil || errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, fmt.Errorf("reach its steward: %w", errors.Join(errs...))
}

var errInUse = errors.New("somebody else has it")

// dialPort connects to one port of the steward.
func (p *Provider) dialPort(ctx context.Context, instance string, i int) (*stewardConn, error) {
	name := fmt.Sprintf("steward%d", i)
	path := filepath.Join(p.tool.dir(instance), name)
	lock := flock.New(path + ".lock")
	got, err := lock.TryLock()
	if err == nil && !got {
		err = errInUse
	}
	if err != nil {
		return nil, fmt.Errorf("port %d: %w", i, err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path+".sock")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("port %d: %w", i, err), lock.Close())
	}
	c := &stewardConn{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10), lock: lock}
	if err := c.greet(ctx, func() bool { return p.listens(ctx, instance, name) }); err != nil {
		return nil, errors.Join(fmt.Errorf("port %d: %w", i, err), c.Close())
	}
	return c, nil
}

// listens asks QEMU whether somebody in the guest has a port open.
func (p *Provider) listens(ctx context.Context, instance, label string) bool {
	m, err := p.openMonitor(ctx, instance)
	if err != nil {
		return true // who knows
	}
	defer m.close()
	said, err := m.ask("query-chardev", nil)
	type device struct {
		Label string `json:"label"`
		Open  bool   `json:"frontend-open"`
	}
	var devices []device
	if err != nil || json.Unmarshal(said, &devices) != nil {
		return true
	}
	return slices.Contains(devices, device{Label: label, Open: true})
}

// DialRoot connects to the steward's SSH server, which lets root alone in.
func (m *Machine) DialRoot(ctx context.Context) (net.Conn, error) {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return nil, err
	}
	const patience = 5 * time.Second // it is saved with the guest, or starts before the SSH server does
	brief, cancel := context.WithTimeout(ctx, providers.Stretch(m.p, patience))
	defer cancel()
	c, err := m.p.dialSteward(brief, r.Instance)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", m.id, err)
	}
	if err := c.request(brief, "ssh"); err != nil {
		return nil, errors.Join(fmt.Errorf("dial %s: %w", m.id, err), c.Close())
	}
	return m.hold(c), nil
}
