package incus

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// A server is the Incus API. Its zero value reaches nothing.
type server struct {
	remote  remote
	project string // "": default
	target  string // a cluster's member; "": any
	prompt  bool   // does not wait for a daemon that restarts
}

// shared is the same server outside of our project, where networks are.
func (s server) shared() server { s.project = ""; return s }

// on is the same server with new things placed on a member of the cluster.
func (s server) on(member string) server { s.target = member; return s }

// atOnce is the same server for what is of no use later.
func (s server) atOnce() server { s.prompt = true; return s }

// connect returns a client whose requests end with ctx. It costs nothing: the
// Incus client makes a connection for each request anyway, and its WithContext
// changes the client that it is called on.
func (s server) connect(ctx context.Context) (incus.InstanceServer, error) {
	c, err := s.remote.connect(ctx, s.prompt)
	if err != nil {
		return nil, fmt.Errorf("connect to Incus: %w", err)
	}
	if s.project != "" {
		c = c.UseProject(s.project)
	}
	if s.target != "" {
		c = c.UseTarget(s.target)
	}
	return c, nil
}

// do calls f with a client whose requests end with ctx.
func (s server) do(ctx context.Context, f func(incus.InstanceServer) error) error {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	return explain(ctx, f(c))
}

// run starts an operation and waits for its end. When ctx ends first, the
// operation goes on without us.
func (s server) run(ctx context.Context, start func(incus.InstanceServer) (incus.Operation, error)) error {
	return s.do(ctx, func(c incus.InstanceServer) error {
		op, err := start(c)
		if err != nil {
			return err
		}
		return await(c, op.Get().ID)
	})
}

// await waits until an operation has ended. The client's own Wait takes a
// deadline of less than a second for none, and an operation that still runs
// for one that succeeded.
func await(c incus.InstanceServer, id string) error {
	op, _, err := c.GetOperationWait(id, -1)
	switch {
	case api.StatusErrorCheck(err, http.StatusNotFound):
		return errForgotten // which does not say that its instance is not there
	case err != nil:
		return err
	case op.StatusCode == api.Success:
		return nil
	case op.Err != "":
		return errors.New(op.Err)
	}
	return fmt.Errorf("the operation ended as %s", op.Status)
}

// errForgotten: what became of the operation is not known.
var errForgotten = errors.New("the daemon was restarted and knows nothing of the operation")

// explain puts an error of Incus into our terms.
func explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	case api.StatusErrorCheck(err, http.StatusNotFound):
		return fmt.Errorf("%w: %w", providers.ErrNotFound, err)
	}
	return err
}

// Client is a client of Incus in our project, for what the Provider has no
// method for; its requests end with ctx. It need not be closed.
func (p *Provider) Client(ctx context.Context) (incus.InstanceServer, error) {
	return p.server.connect(ctx)
}
