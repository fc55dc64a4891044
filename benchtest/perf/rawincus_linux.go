package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	client "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// A rawIncus makes machines as somebody without benchtest would: with the
// requests that it takes, and no other.
type rawIncus struct {
	provider *incus.Provider
	template providers.Template
	pool     string // the template's, where copies are fast
	journal  *fixtures.Journal
	home     string        // the mark of whose they are
	identity api.ConfigMap // what a copy is told of who it is, for its SSH server to start
	names    chan string   // of machines, each with a lease; a cycle borrows one
}

// lease journals the names that all machines have in turn, as many as are
// there at once: purge finds what a kill leaves, and no request waits for it.
func (r rawIncus) lease(run string) error {
	for range cap(r.names) {
		l, err := r.journal.Create(fixtures.Lease{
			ID: fixtures.NewID(run, "raw"), Kind: fixtures.LeaseClone, Provider: "incus", Run: run, Template: r.template.BuildName(),
		})
		if err != nil {
			return err
		}
		r.names <- l.ID
	}
	return nil
}

// close ends the leases, each when its machine is surely gone.
func (r rawIncus) close(ctx context.Context) error {
	var errs []error
	for len(r.names) > 0 {
		name := <-r.names
		err := r.destroy(ctx, name)
		if err == nil {
			err = r.journal.Remove(name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// do sends a request and waits for the operation that it begins.
func do(c client.InstanceServer, op client.Operation, err error) error {
	if err != nil {
		return err
	}
	ended, _, err := c.GetOperationWait(op.Get().ID, -1)
	if err == nil && ended.StatusCode != api.Success {
		err = errors.New(ended.Err)
	}
	return err
}

// start is how long a copy takes until it runs.
func (r rawIncus) start(ctx context.Context) (took time.Duration, err error) {
	name := <-r.names
	defer func() { r.names <- name }()
	c, err := r.provider.Client(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.remove(context.WithoutCancel(ctx), name)) }()
	begin := time.Now()
	op, err := c.CreateInstance(r.copyOf(name))
	if err := do(c, op, err); err != nil {
		return 0, err
	}
	op, err = c.UpdateInstanceState(name, api.InstanceStatePut{Action: "start", Timeout: -1}, "")
	if err := do(c, op, err); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// copyOf has the limits and the disk of benchtest's clone, and none of the rest.
func (r rawIncus) copyOf(name string) api.InstancesPost {
	return api.InstancesPost{
		Name: name, Type: api.InstanceTypeContainer,
		Source: api.InstanceSource{Type: "copy", Source: r.template.BuildName(), InstanceOnly: true},
		InstancePut: api.InstancePut{
			Config: api.ConfigMap{
				"limits.memory": fmt.Sprintf("%dMiB", r.template.MemoryMiB), "limits.cpu": fmt.Sprint(r.template.VCPU),
				// By these benchtest's own tools find what a kill left.
				"user.benchtest.kind": "clone", "user.benchtest.id": name, "user.benchtest.home": r.home,
			},
			Devices: api.DevicesMap{"root": {
				"type": "disk", "path": "/", "pool": r.pool, "size": fmt.Sprintf("%dMiB", r.template.DiskMiB),
			}},
		},
	}
}

// identify makes an identity as benchtest's clones have, once: to make keys is
// no request.
func (r *rawIncus) identify(template api.ConfigMap) error {
	ring, err := providers.NewKeyRing()
	if err != nil {
		return err
	}
	files, err := guest.Identity("web1", template["user.benchtest.hosts"], template["user.benchtest.passwd"], ring.Keys)
	if err != nil {
		return err
	}
	r.identity = api.ConfigMap{}
	for _, f := range files {
		r.identity["user.benchtest.file."+strings.ReplaceAll(f.Name, "/", ".")] = string(f.Data)
	}
	return nil
}

// booted answers when the guest's SSH server has spoken, and so as late as
// benchtest's own first command can.
const booted = `until read -r -t 5 banner 2>/dev/null </dev/tcp/127.0.0.1/22; do sleep 0.02; done`

// cycle is copy, start, one command that has the guest's boot behind it, and the
// end.
func (r rawIncus) cycle(ctx context.Context) (err error) {
	name := <-r.names
	defer func() { r.names <- name }()
	c, err := r.provider.Client(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.remove(context.WithoutCancel(ctx), name)) }()
	post := r.copyOf(name)
	maps.Copy(post.Config, r.identity)
	op, err := c.CreateInstance(post)
	if err := do(c, op, err); err != nil {
		return err
	}
	op, err = c.UpdateInstanceState(name, api.InstanceStatePut{Action: "start", Timeout: -1}, "")
	if err := do(c, op, err); err != nil {
		return err
	}
	op, err = c.ExecInstance(name, api.InstanceExecPost{Command: []string{"/bin/bash", "-c", booted}, WaitForWS: true}, &client.InstanceExecArgs{Stdout: io.Discard, Stderr: io.Discard})
	return do(c, op, err)
}

// remove is what it takes to end a machine that runs. What that cannot remove,
// such as one that is half made, the provider does.
func (r rawIncus) remove(ctx context.Context, name string) error {
	limited, cancel := context.WithTimeout(ctx, destroyLimit)
	defer cancel()
	c, err := r.provider.Client(limited)
	if err != nil {
		return err
	}
	op, err := c.UpdateInstanceState(name, api.InstanceStatePut{Action: "stop", Force: true, Timeout: -1}, "")
	if err = do(c, op, err); err == nil {
		op, err = c.DeleteInstance(name)
		err = do(c, op, err)
	}
	if err != nil {
		return r.destroy(ctx, name)
	}
	return nil
}

// destroy removes the machine, whatever it is at. One that is not there is nil.
func (r rawIncus) destroy(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	m, err := r.provider.Open(ctx, name)
	if errors.Is(err, providers.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.Destroy(ctx)
}
