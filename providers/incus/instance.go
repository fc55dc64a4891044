package incus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// destroyLimit bounds what is undone after a failure.
const destroyLimit = time.Minute

// busyPause is how long an instance that is busy is left alone.
const busyPause = 50 * time.Millisecond

// create makes an instance. One that could not be made whole is removed, but
// never one that somebody else made under the same name.
func (p *Provider) create(ctx context.Context, at server, post api.InstancesPost) error {
	post.Config[markNonce] = newNonce()
	post.Config[markCreated] = time.Now().UTC().Format(time.RFC3339Nano)
	post.Config[markHome] = homeMark(p.home)
	err := at.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) { return c.CreateInstance(post) })
	if err == nil {
		return nil
	}
	err = refusal(err)
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	return errors.Join(err, p.remove(undo, post.Name, post.Config[markNonce]))
}

// remove stops and deletes an instance of ours, also one that is being made.
// With a nonce it removes only what has it. What is not there is nil.
func (p *Provider) remove(ctx context.Context, name, nonce string) error {
	var last error
	for {
		inst, _, err := p.instance(ctx, name)
		switch {
		case errors.Is(err, providers.ErrNotFound):
			making, err := p.underWay(ctx, name)
			if err != nil || !making {
				return err
			}
		case err != nil:
			return fmt.Errorf("remove %s: %w", name, err)
		case nonce != "" && inst.Config[markNonce] != nonce:
			return nil
		default:
			if last = p.tryRemove(ctx, inst); last == nil {
				continue // and see that it is gone
			}
		}
		if err := providers.Pause(ctx, busyPause); err != nil {
			return fmt.Errorf("remove %s: %w", name, errors.Join(err, last))
		}
	}
}

// errBusy: an operation that somebody began is at the instance.
var errBusy = errors.New("an operation is at the instance: incus operation list")

// tryRemove is one attempt. An instance may be busy with what somebody else
// began, and says so with an error that has no code.
func (p *Provider) tryRemove(ctx context.Context, inst *api.Instance) error {
	if inst.StatusCode != api.Stopped && inst.StatusCode != api.Error {
		// Whether that was needed shows when it is deleted.
		_ = p.setState(ctx, inst.Name, api.InstanceStatePut{Action: "stop", Force: true, Timeout: -1})
	}
	// Deleted in the middle of a snapshot, an instance leaves it behind on the
	// pool, and can then be deleted by nobody.
	busy, err := p.underWay(ctx, inst.Name)
	if err != nil {
		return err
	}
	if busy {
		return errBusy
	}
	err = p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) { return c.DeleteInstance(inst.Name) })
	if errors.Is(err, providers.ErrNotFound) {
		return nil
	}
	return err
}

func (p *Provider) setState(ctx context.Context, name string, s api.InstanceStatePut) error {
	return p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) { return c.UpdateInstanceState(name, s, "") })
}

// underWay reports whether an operation is at an instance of that name: one
// that a killed process asked for may appear any moment. A program that runs in
// it is none.
func (p *Provider) underWay(ctx context.Context, name string) (found bool, err error) {
	err = p.server.do(ctx, func(c incus.InstanceServer) error {
		ops, err := c.GetOperations()
		if err != nil {
			return err
		}
		found = slices.ContainsFunc(ops, func(o api.Operation) bool {
			return o.Class == api.OperationClassTask && !o.StatusCode.IsFinal() && concerns(o, name)
		})
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look for %s among the operations: %w", name, err)
	}
	return found, nil
}

// concerns reports whether an operation names the instance among what it is
// about.
func concerns(o api.Operation, name string) bool {
	return slices.ContainsFunc(o.Resources["instances"], func(url string) bool {
		path, _, _ := strings.Cut(url, "?")
		return strings.HasSuffix(path, "/"+name)
	})
}

// update changes an instance's configuration and devices; again when somebody
// else changed it meanwhile.
func (p *Provider) update(ctx context.Context, name string, change func(*api.InstancePut)) error {
	for {
		inst, etag, err := p.instance(ctx, name)
		if err != nil {
			return err
		}
		put := inst.Writable()
		change(&put)
		err = p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) { return c.UpdateInstance(name, put, etag) })
		if !api.StatusErrorCheck(err, 412) {
			return err
		}
	}
}
