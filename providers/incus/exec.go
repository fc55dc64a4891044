package incus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
)

// maxExecOutput bounds what a program in a guest may say to us, in bytes.
const maxExecOutput = 64 << 20

// exec runs a program as the guest's root, over the API, and returns what it
// prints. ctx ends our wait; the program ends when its standard streams do.
func (p *Provider) exec(ctx context.Context, name string, stdin []byte, argv ...string) ([]byte, error) {
	out, said := &bounded{max: maxExecOutput}, &bounded{max: 4 << 10}
	var status int
	err := p.server.do(ctx, func(c incus.InstanceServer) error {
		done := make(chan bool)
		op, err := c.ExecInstance(name, execPost(argv), &incus.InstanceExecArgs{
			Stdin: bytes.NewReader(stdin), Stdout: out, Stderr: said, DataDone: done,
		})
		if err != nil {
			return err
		}
		id := op.Get().ID
		ended, _, err := c.GetOperationWait(id, -1)
		if err != nil {
			return errors.Join(err, cancelOperation(ctx, p.server, id))
		}
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		code, ok := ended.Metadata["return"].(float64)
		if !ok {
			return fmt.Errorf("the operation ended as %s %s", ended.Status, ended.Err)
		}
		status = int(code)
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("run %s: %w", argv[0], err)
	case out.full:
		return nil, fmt.Errorf("run %s: it printed over %d bytes", argv[0], maxExecOutput)
	case status != 0:
		return nil, fmt.Errorf("run %s: exit status %d: %s", argv[0], status, bytes.TrimSpace(said.b.Bytes()))
	}
	return out.b.Bytes(), nil
}

func execPost(argv []string) api.InstanceExecPost {
	return api.InstanceExecPost{
		Command: argv, WaitForWS: true, Cwd: "/",
		Environment: map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "LANG": "C.UTF-8"},
	}
}

// cancelOperation has Incus kill what nobody waits for any more.
func cancelOperation(ctx context.Context, s server, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), busyPause*20)
	defer cancel()
	return s.do(ctx, func(c incus.InstanceServer) error {
		_ = c.DeleteOperation(id) // it may have ended, or not be cancellable: then its streams end it
		return nil
	})
}

// A bounded buffer keeps what fits and reads on, so that the guest's program
// is not held up.
type bounded struct {
	b    bytes.Buffer
	max  int
	full bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > w.max {
		w.full = true
		return 0, io.ErrShortWrite
	}
	return w.b.Write(p)
}
