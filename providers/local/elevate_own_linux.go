package local

import (
	"context"
	"fmt"

	"github.com/benchtest-dev/benchtest/providers"
)

// What people do with machines of their own, through the helper.

var (
	_ providers.Saver     = (*elevated)(nil)
	_ providers.Starter   = (*elevatedMachine)(nil)
	_ providers.Resizer   = (*elevatedMachine)(nil)
	_ providers.Remounter = (*elevatedMachine)(nil)
)

// Save makes a template of a machine; see Provider.Save.
func (e *elevated) Save(ctx context.Context, from providers.Machine, as providers.Template) error {
	w, err := pack(as, false)
	if err != nil {
		return err
	}
	_, _, err = e.call(ctx, request{Method: "save", ID: from.ID(), Template: w}, nil, as.Progress)
	return err
}

// Start switches a guest on; see Machine.Start.
func (m *elevatedMachine) Start(ctx context.Context) error {
	_, err := m.e.do(ctx, request{Method: "start", ID: m.id})
	return err
}

// Stop shuts a guest down; see Machine.Stop.
func (m *elevatedMachine) Stop(ctx context.Context) error {
	_, err := m.e.do(ctx, request{Method: "stop", ID: m.id})
	return err
}

// Resize changes a guest's limits; see Machine.Resize.
func (m *elevatedMachine) Resize(ctx context.Context, l providers.Limits) error {
	_, err := m.e.do(ctx, request{Method: "resize", ID: m.id, Spec: wireSpec{Limits: l}})
	return err
}

// Remount changes a guest's mounts; see Machine.Remount.
func (m *elevatedMachine) Remount(ctx context.Context, mounts []providers.Mount) error {
	_, err := m.e.do(ctx, request{Method: "remount", ID: m.id, Spec: wireSpec{Mounts: mounts}})
	return err
}

// own dispatches these calls at the helper.
func (c *elevatedCall) own(ctx context.Context, m *Machine) error {
	switch c.Method {
	case "start":
		return m.Start(ctx)
	case "stop":
		return m.Stop(ctx)
	case "resize":
		return m.Resize(ctx, c.Spec.Limits)
	case "remount":
		return m.remount(ctx, c.Spec.Mounts, c.p.client)
	case "save":
		if c.Template == nil {
			return fmt.Errorf("save %s: no template", c.ID)
		}
		t, err := c.Template.unpack()
		if err != nil {
			return err
		}
		t.Progress = c.progress
		return c.p.Save(ctx, m, t)
	}
	return fmt.Errorf("unknown method %q: the helper is of another version", c.Method)
}
