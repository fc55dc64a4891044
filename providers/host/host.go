package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Provider lends the hosts of one inventory.
type Provider struct {
	o    providers.Options
	load func() ([]Entry, error) // the inventory, read once
	desk *desk
}

var (
	_ providers.Provider  = (*Provider)(nil)
	_ providers.Networker = (*Provider)(nil)
	_ providers.Lender    = (*Provider)(nil)
)

// ErrNoInventory says that nobody named the hosts.
var ErrNoInventory = errors.New("no inventory: name the file of your hosts with -benchtest.inventory=FILE or BENCHTEST_INVENTORY")

// New makes the provider. The inventory is read when it is first wanted, so
// that purge needs none.
func New(o providers.Options) (providers.Provider, error) {
	if o.Home == "" || !filepath.IsAbs(o.Home) {
		return nil, fmt.Errorf("provider host: home %q is not absolute", o.Home)
	}
	p := &Provider{o: o}
	p.load = sync.OnceValues(func() ([]Entry, error) {
		if o.Inventory == "" {
			return nil, ErrNoInventory
		}
		return Load(o.Inventory)
	})
	locks := o.LockDir
	if locks == "" {
		locks = o.Home
	}
	p.desk = newDesk(filepath.Join(locks, "hosts"), p)
	return p, nil
}

// dir is where we keep what we know.
func (p *Provider) dir() string { return filepath.Join(p.o.Home, "hosts") }

// Check reads the inventory, the keys that it names and the host keys. No host
// is asked: those that are not wanted may be off.
func (p *Provider) Check(context.Context) error {
	entries, err := p.load()
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if _, err := readKey(e.Key); err != nil {
			errs = append(errs, fmt.Errorf("%s: host %s: %w", e.at, e.Name, err))
		}
		if _, err := p.knownKeys(e); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.at, err))
		}
	}
	return errors.Join(errs...)
}

// Build makes nothing: hosts are what their owner made them. It checks that
// there is an inventory.
func (p *Provider) Build(context.Context, providers.Template) error {
	_, err := p.load()
	return err
}

// Clone hands out a host: the one that Borrow took for this attempt, else the
// next one that is free.
func (p *Provider) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	if err := providers.CheckID(c.ID); err != nil {
		return nil, err
	}
	if len(c.Mounts) > 0 {
		return nil, errors.New("a host cannot be shown directories of this machine: copy them with sandbox cp")
	}
	claim := p.desk.collect(c)
	if claim == nil {
		claims, err := p.desk.claim(ctx, []providers.CloneSpec{c})
		if err != nil {
			return nil, err
		}
		claim = claims[0]
	}
	m, err := p.lend(ctx, c, claim)
	if err != nil {
		p.desk.free(claim)
		return nil, fmt.Errorf("lend host %s: %w", claim.entry.Name, err)
	}
	return m, nil
}

// lend notes on disk who has the host, and then hands it out.
func (p *Provider) lend(ctx context.Context, c providers.CloneSpec, claim *claim) (*Machine, error) {
	signer, err := readKey(claim.entry.Key)
	if err != nil {
		return nil, err
	}
	pin, err := p.pin(ctx, claim.entry)
	if err != nil {
		return nil, err
	}
	r := newRecord(c, claim, pin)
	if err := p.write(r); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(context.Cause(ctx), removeFile(p.recordPath(r.ID)))
	}
	return &Machine{provider: p, record: r, claim: claim, signer: signer, pin: pin}, nil
}

// Open finds a host that is lent.
func (p *Provider) Open(_ context.Context, id string) (providers.Machine, error) {
	var r record
	switch err := readFile(p.recordPath(id), &r); {
	case providers.CheckID(id) != nil, errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open %s: %w", id, providers.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	m := &Machine{provider: p, record: r}
	m.signer, m.broken = readKey(r.Key)
	if m.broken == nil {
		m.pin, m.broken = r.pin()
	}
	return m, nil
}

// List names the hosts that are lent. Hosts themselves are not ours to list.
func (p *Provider) List(context.Context) ([]providers.MachineInfo, error) {
	records, err := p.records()
	if err != nil {
		return nil, fmt.Errorf("list hosts: %w", err)
	}
	var all []providers.MachineInfo
	for _, r := range records {
		all = append(all, providers.MachineInfo{
			ID: r.ID, Kind: providers.KindClone, Provider: "host", Template: r.Template, Run: r.Run, State: "running", Created: r.Created,
		})
	}
	return all, nil
}

// records are all hosts that are lent.
func (p *Provider) records() ([]record, error) {
	files, err := os.ReadDir(filepath.Join(p.dir(), "lent"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []record
	for _, f := range files {
		id, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok {
			continue
		}
		var r record
		switch err := readFile(p.recordPath(id), &r); {
		case errors.Is(err, fs.ErrNotExist): // it was just given back
		case err != nil:
			return nil, err
		default:
			all = append(all, r)
		}
	}
	return all, nil
}
