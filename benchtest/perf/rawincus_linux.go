package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	client "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// A rawIncus makes machines as somebody without benchtest would: with the
// requests that it takes, and no other.
type rawIncus struct {
	provider *incus.Provider
	template providers.Template
	pool     string // the template's, where copies are fast
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
	name := fixtures.NewID("", "raw")
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
				"user.benchtest.kind": "clone", "user.benchtest.id": name,
			},
			Devices: api.DevicesMap{"root": {
				"type": "disk", "path": "/", "pool": r.pool, "size": fmt.Sprintf("%dMiB", r.template.DiskMiB),
			}},
		},
	}
}

// cycle is copy, start, one command and the end.
func (r rawIncus) cycle(ctx context.Context) (err error) {
	name := fixtures.NewID("", "raw")
	c, err := r.provider.Client(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.remove(context.WithoutCancel(ctx), name)) }()
	op, err := c.CreateInstance(r.copyOf(name))
	if err := do(c, op, err); err != nil {
		return err
	}
	op, err = c.UpdateInstanceState(name, api.InstanceStatePut{Action: "start", Timeout: -1}, "")
	if err := do(c, op, err); err != nil {
		return err
	}
	op, err = c.ExecInstance(name, api.InstanceExecPost{Command: []string{"true"}, WaitForWS: true}, &client.InstanceExecArgs{Stdout: io.Discard, Stderr: io.Discard})
	return do(c, op, err)
}

func (r rawIncus) remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, destroyLimit)
	defer cancel()
	c, err := r.provider.Client(ctx)
	if err != nil {
		return err
	}
	op, err := c.UpdateInstanceState(name, api.InstanceStatePut{Action: "stop", Force: true, Timeout: -1}, "")
	if err := do(c, op, err); err != nil {
		return err
	}
	op, err = c.DeleteInstance(name)
	return do(c, op, err)
}
